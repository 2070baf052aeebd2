/**
 * Before a database file is opened: a journal beside it that belongs to another file is set aside,
 * never replayed (journal-owner.ts). Node only.
 */
import { closeSync, fstatSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { reserveName } from '../../lib/disk/free-name.ts';
import { realPath } from '../../lib/disk/real-path.ts';
import { readFully } from './descriptors.ts';
import { lockHolder } from './file-lock.ts';
import { judgeRollbackJournal, judgeWal, type MainFile, type Verdict } from './journal-owner.ts';
import { tryLog } from './journal-trial.ts';
import { mayBeOpenHere } from './open-here.ts';
import type { ReadAt } from './wal-file.ts';

/**
 * Nobody can tell whose journal it is, or somebody is at work; the message says what to do. Nothing
 * was changed.
 */
export class JournalInDoubt extends Error {
  override readonly name = 'JournalInDoubt';
}

export interface SettleOptions {
  /** Gets a sentence for people when a journal was set aside. */
  readonly say: (message: string) => void;
  readonly now: () => Date;
}

type Told = Exclude<Verdict, { readonly kind: 'trial' }>;

const KINDS = [
  ['-journal', judgeRollbackJournal],
  ['-wal', judgeWal],
] as const;
/** The most that page 1 can be. */
const LARGEST_PAGE = 65_536;
/** A pair that changes while we look belongs together: somebody is at work. */
const LOOKS = 5;

/** @throws {@link JournalInDoubt} */
export function settleJournals(path: string, { say, now }: SettleOptions): void {
  const file = realPath(path);
  // The files that this process has open are settled; opening and closing them by other means is
  // forbidden.
  if (mayBeOpenHere(file)) return;
  // Reading a pipe would never end.
  for (const suffix of ['', ...KINDS.map(([kind]) => kind)]) {
    const stats = statSync(file + suffix, { throwIfNoEntry: false });
    if (stats?.isFile() === false && !stats.isDirectory())
      throw new JournalInDoubt(`${path}${suffix} is no file (a pipe or a device): remove it`);
  }
  for (const [suffix, judge] of KINDS) {
    const journal = file + suffix;
    const verdict = look(file, journal, judge);
    if (verdict.kind === 'belongs') continue;
    if (verdict.kind === 'doubt') throw new JournalInDoubt(doubtful(path, `${path}${suffix}`, verdict.why));
    const holder = lockHolder(file);
    if (holder !== undefined)
      throw new JournalInDoubt(
        `${path} is in use by ${holder}, and its journal ${path}${suffix} is of another file (${verdict.why}): stop it first, nothing was changed`,
      );
    const aside = reserveName(`${journal}.set-aside-${timeMark(now())}`);
    renameSync(journal, aside);
    // The index of the log; SQLite makes a new one.
    if (suffix === '-wal') rmSync(`${file}-shm`, { force: true });
    say(
      `the journal ${path}${suffix} does not belong to ${path} (${verdict.why}): it was not replayed and is kept as ${dirname(path)}/${basename(aside)}`,
    );
  }
}

/**
 * Why nobody can tell whose journal stands beside the file; undefined where it can be told. Changes
 * nothing.
 */
export function journalDoubt(path: string): string | undefined {
  const file = realPath(path);
  if (mayBeOpenHere(file)) return undefined;
  for (const [suffix, judge] of KINDS) {
    const verdict = look(file, file + suffix, judge);
    if (verdict.kind === 'doubt')
      return `whether the journal ${path}${suffix} belongs to it cannot be told: ${verdict.why}`;
  }
  return undefined;
}

/** `20260102T030405Z`, for names of files. */
export function timeMark(time: Date): string {
  return time.toISOString().replaceAll(/[-:]|\.\d+/g, '');
}

function doubtful(path: string, journal: string, why: string): string {
  const isThere = (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
  const lines = [
    `whether the journal ${journal} belongs to ${path} cannot be told: ${why}. Nothing was changed.`,
    ...(isThere
      ? []
      : [
          'Do not open it with sqlite3 now, which deletes the journal of a file that is not there. If the file was moved away, put it back.',
        ]),
    'Stop whatever uses it, then one of:',
    '  to go back to all that is stored:  npm run backup -- restore --at 0m --broken-database --replace',
    '  to go back to the newest backup alone:  npm run backup -- restore latest --broken-database --replace',
    `  to ${isThere ? `use ${path} as it is` : 'begin anew'}, without the journal:  mv ${journal} ${journal}.kept`,
  ];
  return lines.join('\n');
}

function look(
  file: string,
  journal: string,
  judge: (main: MainFile | undefined, read: ReadAt) => Verdict,
): Told {
  for (let i = 0; i < LOOKS; i += 1) {
    const before = stateOf(file, journal);
    if (before.isNothing) break;
    const told = withFile(journal, (read) => judge(readMain(file), read));
    const verdict = told?.kind === 'trial' ? tryLog(file) : told;
    // Gone meanwhile: somebody has checkpointed it.
    if (verdict === undefined || verdict.kind === 'belongs') break;
    if (before.mark === stateOf(file, journal).mark) return verdict;
  }
  return { kind: 'belongs' };
}

function stateOf(file: string, journal: string): { mark: string; isNothing: boolean } {
  const [main, beside] = [file, journal].map((name) =>
    statSync(name, { bigint: true, throwIfNoEntry: false }),
  );
  const mark = [main, beside].map((stats) => `${stats?.ino} ${stats?.size} ${stats?.mtimeNs}`).join(' ');
  return { mark, isNothing: beside === undefined || beside.size === 0n };
}

function readMain(file: string): MainFile | undefined {
  return withFile(file, (read, bytes) => ({ firstPage: read(0, LARGEST_PAGE), bytes }));
}

/** Undefined when there is no such file. */
function withFile<T>(name: string, use: (read: ReadAt, bytes: number) => T): T | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(name, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return use((at, length) => readFully(descriptor, at, length), fstatSync(descriptor).size);
  } finally {
    closeSync(descriptor);
  }
}
