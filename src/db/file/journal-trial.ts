/**
 * Whether a database is whole with the log beside it, and without: tried on a copy, where the first
 * page alone cannot tell whose log it is (journal-owner.ts). Node only.
 */
import { constants, copyFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { explain } from '../../lib/clock.ts';
import { removeDatabaseFile } from '../../lib/disk/database-files.ts';
import { copyName } from './copy-name.ts';
import type { Verdict } from './journal-owner.ts';

/**
 * The log holds some pages and the file the others: only those of one database fit together. Needs
 * room for a copy beside the file, which stays as it is.
 */
export function tryLog(file: string): Exclude<Verdict, { readonly kind: 'trial' }> {
  const copy = copyName(file);
  try {
    const together = faultsOf(file, copy, true);
    const [first] = together;
    if (first === undefined) return { kind: 'belongs' };
    const alone = faultsOf(file, copy, false);
    if (alone.length === 0)
      return { kind: 'foreign', why: `the database would be damaged with it: ${first}` };
    // The file is damaged, and the log is not the reason.
    return together.every((fault) => alone.includes(fault))
      ? { kind: 'belongs' }
      : { kind: 'doubt', why: `the database is damaged without it (${alone[0]}), and with it (${first})` };
  } catch (error) {
    return {
      kind: 'doubt',
      why: `it begins with a change of the schema, and a trial on a copy beside the file failed (${explain(error)}): mend that and try again`,
    };
  } finally {
    removeDatabaseFile(copy);
  }
}

/** SQLITE_CORRUPT and SQLITE_NOTADB: what is said of the file. */
const OF_THE_FILE: ReadonlySet<number> = new Set([11, 26]);

function faultsOf(file: string, copy: string, withLog: boolean): string[] {
  removeDatabaseFile(copy);
  copyFileSync(file, copy, constants.COPYFILE_FICLONE);
  if (withLog) copyFileSync(`${file}-wal`, `${copy}-wal`);
  try {
    using db = new DatabaseSync(copy, { enableDoubleQuotedStringLiterals: true });
    const lines = db.prepare('PRAGMA integrity_check').all();
    return lines.map((line) => String(Object.values(line)[0])).filter((line) => line !== 'ok');
  } catch (error) {
    const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : undefined;
    if (code === undefined || !OF_THE_FILE.has(code)) throw error;
    return [explain(error)];
  }
}
