/** The page of measures: a block of docs/performance.md, with plots in docs/pictures. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { type Measure, short } from './measures.ts';
import { type Bar, barChart, growthChart } from './svg.ts';
import { versionOf } from './whole-process.ts';

const BEGIN = '<!-- npm run bench writes what follows -->';
const END = '<!-- to here -->';

export interface Place {
  readonly page: string;
  readonly pictures: string;
}

/** Replaces what an earlier run wrote. */
export function writeReport({ page, pictures }: Place, measures: readonly Measure[]): void {
  const text = readFileSync(page, 'utf8');
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`${page} has no place for measures`);
  rmSync(pictures, { recursive: true, force: true });
  mkdirSync(pictures, { recursive: true });
  const plots = plotsOf(measures).map(([name, title, svg]) => {
    writeFileSync(join(pictures, `${name}.svg`), svg);
    return `<img src="pictures/bench/${name}.svg" alt="${title}">`;
  });
  writeFileSync(
    page,
    `${before}${BEGIN}\n${[machine(), ...plots, table(measures)].join('\n\n')}\n${END}${after}`,
  );
}

function machine(): string {
  const names = [...new Set(cpus().map(({ model }) => model.trim()))].join(', ');
  const month = new Date().toLocaleDateString('en', { month: 'long', year: 'numeric', timeZone: 'UTC' });
  const rows = [
    ['when', month],
    ['processors', `${cpus().length}, ${names}; others had ${loadavg()[1]?.toFixed(0)} processes at work`],
    ['memory', `${Math.round(totalmem() / 2 ** 30)} GB`],
    [
      'Node, its SQLite, its zlib',
      ['node', 'sqlite', 'zlib'].map((name) => process.versions[name]).join(', '),
    ],
    ['the peers', ['sqlite3', 'gzip'].map(versionOf).join('; ')],
  ];
  const lines = rows.map(([what, is]) => `| ${what} | ${is} |`);
  return `A green bar meets its goal (the blue stroke), a red one does not.\n\n| | |\n|---|---|\n${lines.join('\n')}`;
}

function plotsOf(measures: readonly Measure[]): (readonly [string, string, string])[] {
  const ratios = measures.filter(({ unit }) => unit === 'ratio');
  const bySubject = Map.groupBy(ratios, ({ what }) => what.split(',')[0]?.split(' /')[0] ?? what);
  const bars = [...bySubject].map(([subject, found]) => {
    const title = `${subject}: ratios`;
    return [slug(subject), title, barChart(title, found.map(barOf))] as const;
  });
  const grown = Map.groupBy(
    measures.filter(({ scale, unit }) => scale !== undefined && (unit === 'ratio' || unit === 'MB')),
    ({ what, unit }) => `${what}, ${unit}`,
  );
  const growth = [...grown].flatMap(([what, found]) => {
    if (new Set(found.map(({ scale }) => scale)).size < 2) return [];
    const series = [...Map.groupBy(found, ({ of }) => of)].map(([name, points]) => ({
      name,
      points: points.map(({ scale = 1, value }) => [scale, value] as const).toSorted(([a], [b]) => a - b),
    }));
    const title = `${what}, as the data grows`;
    return [[`growth-${slug(what)}`, title, growthChart(title, series)] as const];
  });
  return [...bars, ...growth];
}

function barOf({ what, of, scale, value, unit, goal, isMoreBetter = false }: Measure): Bar {
  const isMet = goal === undefined || (isMoreBetter ? value >= goal : value <= goal);
  const where = scale === undefined || scale === 1 ? of : `${of} ${scale}x`;
  return {
    label: `${what}: ${where}`,
    value,
    shown: unit === 'ratio' ? short(value) : `${short(value)} ${unit}`,
    goal,
    isMet,
  };
}

function table(measures: readonly Measure[]): string {
  const lines = measures.map(({ what, of, scale, value, unit, goal }) => {
    const where = scale === undefined ? of : `${of}, ${scale}x`;
    return `| ${what} | ${where} | ${short(value)} ${unit} | ${goal ?? ''} |`;
  });
  return ['| what | of | measured | goal |', '|---|---|---|---|', ...lines].join('\n');
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}
