/**
 * What the documents tell an owner to make in the product's directory holds people's data or
 * secrets: git ignores all of it. The commands and settings are read from the documents.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { KIT } from '../../src/cli/kit/read-me.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DOCS = [
  'README.md',
  'README.uz.md',
  'CONTRIBUTING.md',
  '.env.example',
  'docs/operations.md',
  'docs/owners-guide.uz.md',
  'docs/formats.md',
  'docs/spec/backup.md',
];
const hasGit = spawnSync('git', ['--version']).status === 0;

/** Whatever makes a file or directory of that name, or names one that the owner has made. */
const MADE: readonly RegExp[] = [
  /(?:(?<!install) -o|\s--output|\s--map|[^=]>)\s+(?<path>[\w./-]+)/g,
  /\b(?:COPY_DIR|BACKUP_DIR|BACKUP_AGE_IDENTITY)=["']?(?<path>[\w./-]+)/g,
  /\bfile:(?<path>[\w./-]+)/g,
  /\b(?:mkdir(?: -p)?|tar -?x\w* \S+ -C)\s+(?<path>[\w./-]+)/g,
  /\bbackup -- (?:restore|import|verify) (?<path>[\w./-]+\.\w+)/g,
];

/** Of code alone: prose names other people's files. */
function codeOf(text: string, isCode: boolean): string[] {
  if (isCode) return text.split('\n').map((line) => line.replace(/^#\s?/, ''));
  const blocks = [...text.matchAll(/^ *```\w*\n(?<code>[\s\S]*?)^ *```/gm)];
  const inline = [...text.replaceAll(/^ *```[\s\S]*?^ *```/gm, '').matchAll(/`(?<code>[^`]+)`/g)];
  return [...blocks, ...inline].flatMap(({ groups }) => (groups?.['code'] ?? '').split('\n'));
}

function madeBy(text: string, isCode: boolean): string[] {
  return codeOf(text, isCode).flatMap((line) =>
    MADE.flatMap((pattern) => [...line.matchAll(pattern)].flatMap(({ groups }) => groups?.['path'] ?? [])),
  );
}

/** Of this directory. A machine's places are no matter of git, and a workflow belongs into it. */
const isHere = (path: string): boolean => !/^\/|^\.\.|^\.$|^\.github\//.test(path);

const isIgnored = (path: string): boolean =>
  spawnSync('git', ['check-ignore', '--quiet', '--no-index', path], { cwd: ROOT }).status === 0;

test.skipIf(!hasGit)('everything that the documents tell an owner to make here is ignored', () => {
  const found = DOCS.flatMap((file) =>
    madeBy(readFileSync(`${ROOT}/${file}`, 'utf8'), file === '.env.example').map((path) => ({ file, path })),
  )
    .concat({ file: 'README.txt of a kit', path: KIT })
    .filter(({ path }) => isHere(path));
  // A directory may get any name inside.
  const open = found.filter(({ path }) => !isIgnored(path) && !isIgnored(`${path}/anything.txt`));
  expect(open).toEqual([]);
  // The patterns find what is there.
  expect(new Set(found.map(({ path }) => path)).size).toBeGreaterThan(10);
  for (const path of ['ikkinchi', 'bulut', 'kit.tar']) expect(found.map((one) => one.path)).toContain(path);
});
