/**
 * What the program makes for its owner holds people's data: git must not take it, wherever a
 * command put it.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const git = (cwd: string, ...args: string[]) => spawnSync('git', args, { cwd, encoding: 'utf8' });
const hasGit = git(ROOT, '--version').status === 0;
let repository: string;

beforeAll(() => {
  repository = mkdtempSync(join(tmpdir(), 'ignored-'));
  copyFileSync(join(ROOT, '.gitignore'), join(repository, '.gitignore'));
  git(repository, 'init', '--quiet');
});
afterAll(() => rmSync(repository, { recursive: true, force: true, maxRetries: 10 }));

const isIgnored = (path: string): boolean =>
  git(repository, 'check-ignore', '--quiet', '--no-index', path).status === 0;

test
  .skipIf(!hasGit)
  .each([
    'anime_bot.db',
    'old/anime_bot.db',
    'anime_bot.db-wal',
    'anime_bot.db-shm',
    'anime_bot.db-journal',
    'anime_bot.db.lock',
    'anime_bot.db.before-restore',
    'anime_bot.db.before-restore-wal',
    'anime_bot.db-wal.set-aside-20260102020000',
    'bot.sqlite',
    'bot.sqlite3',
    'before-restore-20260102T020000.db',
    'data/anime_bot.db',
    'data/downloads/anime_bot_20260102_020000.db.gz',
    'data/offline/token',
    'copies/anime_backup_20260102_020000.manifest.json',
    'moved/anime_bot.db',
    'elsewhere/anime_backup_20260102_020000.json.gz',
    'anime_bot_20260102_020000.db.gz',
    'anime_bot_20260102_020000.db.gz.age',
    'anime_backup_20260102_020000.json',
    'anime_backup_20260102_020000.json.gz',
    'anime_backup_20260102_020000.manifest.json',
    'got/anime_backup_20260102_020000.json.gz.part',
    'old.json',
    'export.json',
    'users.csv',
    'kit.zip',
    'kit.tar',
    'kit.zip.age',
    'key.txt',
    'kalit.txt',
    'bulut/drills.json',
    'ikkinchi/anime-bot-place.txt',
    'kit/README.txt',
    '.env',
    '.env.1234.new',
    '.env.bak',
    '.dev.vars',
  ])('%s', (path) => expect(isIgnored(path)).toBe(true));

test
  .skipIf(!hasGit)
  .each([
    '.env.example',
    'package.json',
    'package-lock.json',
    'src/backup/kit.ts',
    'src/data.ts',
    'src/backup/copies/put.ts',
    'docs/operations.md',
    'test/fixtures/old.json',
  ])('%s is not kept out', (path) => expect(isIgnored(path)).toBe(false));

test.skipIf(!hasGit || !existsSync(join(ROOT, '.git')))(
  'nothing that is in the repository is ignored',
  () => {
    expect(git(ROOT, 'ls-files', '--cached', '--ignored', '--exclude-standard').stdout).toBe('');
  },
);

test('npm run check reads none of it: a formatter would print people’s rows', () => {
  for (const name of ['biome.json', '.gitignore']) copyFileSync(join(ROOT, name), join(repository, name));
  const rows = '{"users":[{"first_name":   "Aziza"}]}';
  for (const name of ['export.json', 'package.json']) writeFileSync(join(repository, name), rows);
  const { stdout, stderr } = spawnSync(join(ROOT, 'node_modules/.bin/biome'), ['check', '.'], {
    cwd: repository,
    encoding: 'utf8',
  });
  expect(stdout + stderr).toContain('package.json');
  expect(stdout + stderr).not.toContain('export.json');
});

test.skipIf(!hasGit || !existsSync(join(ROOT, '.git')))('no link is in it: each leads to one machine', () => {
  const listed = git(ROOT, 'ls-files', '--stage').stdout.split('\n');
  expect(listed.filter((line) => line.startsWith('120000'))).toEqual([]);
});
