/**
 * The direction of imports between the rooms of `src` (docs/architecture.md, "Rooms"), type imports
 * included.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

/**
 * From the lowest: a room imports itself and rooms of lower lines; rooms of one line do not know
 * each other.
 */
const LINES: readonly (readonly string[])[] = [
  ['text', 'charts'],
  ['lib'],
  ['settings'],
  ['db'],
  ['backup'],
  ['takeover'],
  ['locales'],
  ['bot'],
  ['handlers'],
  ['jobs', 'http'],
  ['hosts'],
  ['cli'],
];

/**
 * The rooms of `src/backup`, likewise. What stands in none of them (the engine, the tasks) imports
 * all.
 */
const ENGINE_LINES: readonly (readonly string[])[] = [
  ['model'],
  ['document', 'envelope', 'schema', 'sql-http', 'sqlite', 'store'],
  ['catalog', 'foreign', 'staged'],
  ['snapshot'],
  ['verify'],
  ['changes'],
  ['run'],
  ['copy', 'import', 'restore'],
];

const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'src', 'sim'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file.endsWith('.ts'));

/** Every relative import of a file, by the path of what it imports. */
function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/(?:\bfrom|\bimport\(?)\s*'(\.[^']+)'/g)].map(([, to = '']) =>
    join(dirname(file), to),
  );
}

/** Without those that only types need, which are gone at run time. */
function loadedBy(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const loads =
    /^(?:import|export) (?!type )(?!\{(?:\s*type [^,}]+,?)+\s*\})(?:[^;']*from )?'(\.[^']+\.ts)';/gm;
  return [...text.matchAll(loads)].map(([, to = '']) => join(dirname(file), to));
}

/** The room of a file of `src`; undefined for the entry points and for what is not in `src`. */
const roomOf = (file: string): string | undefined => /^src\/([^/]+)\//.exec(file)?.[1];

const rank = (room: string): number => LINES.findIndex((line) => line.includes(room));

test('every room of src has its line', () => {
  const rooms = new Set(files.flatMap((file) => roomOf(file) ?? []));
  expect([...rooms].sort()).toEqual(LINES.flat().toSorted());
});

test('rooms import downwards only', () => {
  const upward = files.flatMap((file) => {
    const from = roomOf(file);
    if (from === undefined) return [];
    return importsOf(file)
      .filter((to) => to.startsWith('src/') || to.startsWith('sim/'))
      .filter((to) => {
        const room = roomOf(to);
        return room === undefined || (room !== from && rank(room) >= rank(from));
      })
      .map((to) => `${file} -> ${to}`);
  });
  expect(upward).toEqual([]);
});

test('rooms of the engine import downwards only', () => {
  const room = (file: string): string | undefined => /^src\/backup\/([^/]+)\//.exec(file)?.[1];
  const line = (file: string): number =>
    room(file) === undefined
      ? ENGINE_LINES.length
      : ENGINE_LINES.findIndex((rooms) => rooms.includes(room(file) ?? ''));
  const own = files.filter((file) => file.startsWith('src/backup/'));
  expect([...new Set(own.flatMap((file) => room(file) ?? []))].sort()).toEqual(
    ENGINE_LINES.flat().toSorted(),
  );
  const arrows = own
    .filter((from) => room(from) !== undefined)
    .flatMap((from) => importsOf(from).map((to) => ({ from, to })))
    .filter(({ from, to }) => to.startsWith('src/backup/') && room(to) !== room(from));
  expect(arrows.filter(({ from, to }) => line(to) >= line(from))).toEqual([]);
  // Pairs of rooms, so that a new one is a decision: raise the number only with a reason.
  expect(new Set(arrows.map(({ from, to }) => `${room(from)} -> ${room(to)}`)).size).toBeLessThanOrEqual(67);
});

test('no file imports itself through others', () => {
  const all = new Set(files);
  const circles: string[] = [];
  const settled = new Set<string>();
  const look = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
    if (path.includes(file) || settled.has(file)) return;
    for (const to of importsOf(file)) if (all.has(to)) look(to, [...path, file]);
    settled.add(file);
  };
  for (const file of files) look(file, []);
  expect(circles).toEqual([]);
});

test('what runs on Node alone is in a folder of its own: rooms of the Worker do not import it', () => {
  const nodeOnly =
    /^src\/(?:hosts\/node|lib\/disk|db\/file|cli|takeover)\/|^src\/backup\/(?:foreign|restore)\//;
  const reached = new Set(['src/worker.ts']);
  for (const file of reached) for (const to of loadedBy(file)) if (/^(?:src|sim)\//.test(to)) reached.add(to);
  expect([...reached].filter((file) => nodeOnly.test(file) || file.startsWith('sim/'))).toEqual([]);
});

test('SQL stands in the database, the engine and the take-over alone', () => {
  const importsSql = /import \{[^}]*\bsql\b[^}]*\} from '[^']*\/database\.ts'/;
  const holdsSql =
    /['"`]\s*(?:SELECT\s|INSERT INTO|UPDATE \w+ SET|DELETE FROM|(?:CREATE|DROP|ALTER) TABLE|PRAGMA\s)/;
  const found = files.filter((file) => {
    const code = readFileSync(file, 'utf8').replace(/^\s*(?:\/\/|\/?\*).*$/gm, '');
    return importsSql.test(code) || holdsSql.test(code);
  });
  expect(found.filter((file) => !/^(?:sim|src\/(?:db|backup|takeover))\//.test(file))).toEqual([
    // Commands that ask any table for rows that a person names, and whether a database answers.
    'src/cli/living-rows.ts',
    'src/cli/row-reading.ts',
    'src/cli/setup/proofs.ts',
  ]);
  expect(found).toContain('src/db/users.ts');
});

test('docs/architecture.md has a row for every room of the engine, in the order of the lines', () => {
  const rows = readFileSync('docs/architecture.md', 'utf8');
  const inner = files.flatMap((file) => /^src\/backup\/([^/]+)\//.exec(file)?.[1] ?? []);
  expect([...new Set(inner)].filter((room) => !rows.includes(`\`${room}/\``))).toEqual([]);
  const shown = [...rows.matchAll(/^\| (`[a-z-]+\/`(?:, `[a-z-]+\/`)*) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/[a-z-]+/g)].map(([room]) => ENGINE_LINES.findIndex((line) => line.includes(room))),
  );
  expect(shown).toEqual(shown.toSorted((a, b) => b - a));
});
