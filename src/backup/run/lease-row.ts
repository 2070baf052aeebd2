/**
 * The row of `backup_lease` (migration 0002): one run at a time, by the clock of the database. All
 * hosts share that.
 */
import { type Database, sql, sureRow } from '../../db/database.ts';
import { columnsOf } from '../../db/existing-schema.ts';
import type { Row } from '../../db/row.ts';
import { rememberManifest, storedFiles } from '../../db/stored-files.ts';
import type { LeaseAnswer, Ledger } from '../catalog/ledger.ts';
import { manifestKey } from '../catalog/names.ts';
import { isLease, isLedger } from '../schema/engine-tables.ts';
import { IS_FENCE, IS_RUN } from './run-rows.ts';

const NOW_MS = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";
/**
 * In place of a number that is none: the time, which is ahead of every count, whatever was lost
 * with the row.
 */
const NEXT_FENCE = `CASE WHEN ${IS_FENCE} THEN fence + 1
  ELSE MAX(${NOW_MS}, 1 + COALESCE((SELECT MAX(fence) FROM backup_runs WHERE ${IS_FENCE}), 0)) END`;
const NEW_FENCE =
  'backup_lease.fence held a number that no run of the bot can have written; the lease was given a new one';

/** A lock text (db/file/lock-text.ts) has some hundred characters. */
const HOLDER = "CASE WHEN typeof(holder) = 'text' THEN substr(holder, 1, 2000) ELSE '' END";

/** What the last acquisition found: an older database has no such table. */
export interface Notes {
  isThere: boolean;
}

/** `isDead`: as of {@link createBackupLedger}. */
export function createLease(
  db: Database,
  isDead: (holder: string) => boolean,
  notes: Notes,
): Pick<Ledger, 'acquire' | 'renew' | 'published' | 'release'> {
  return {
    async acquire(holder, ttlMs) {
      const record = await recordOf(db);
      if (!record.isWhole) return { kind: 'absent' };
      notes.isThere = record.hasNotes;
      for (;;) {
        const { before, fence, strangers } = await take(db, holder, ttlMs);
        if (fence !== undefined) return acquired(fence, before, strangers);
        const other = before.text('holder');
        if (!isDead(other)) return held(other, before);
        // Its text is its process's alone: who took the lease since is not meant.
        await db.write([
          sql("UPDATE backup_lease SET expires_ms = 0, holder = '' WHERE id = 1 AND holder = ?", other),
        ]);
      }
    },
    async renew(fence, ttlMs, stored) {
      const [result] = await db.write([
        sql(
          `UPDATE backup_lease SET expires_ms = ${NOW_MS} + ? WHERE id = 1 AND fence = ? RETURNING fence`,
          ttlMs,
          fence,
        ),
        ...(stored !== undefined && notes.isThere ? rememberManifest(stored) : []),
      ]);
      return result !== undefined && result.rows.length === 1;
    },
    async published(name) {
      const file = manifestKey('', name);
      return notes.isThere ? (await db.read([storedFiles(file, file)]))[0].get(file) : undefined;
    },
    async release(fence) {
      await db.write([
        sql("UPDATE backup_lease SET expires_ms = 0, holder = '' WHERE id = 1 AND fence = ?", fence),
      ]);
    },
  };
}

/**
 * An old database may have other programs' tables of these names; of ours, somebody's SQL may have
 * taken a column.
 */
async function recordOf(db: Database): Promise<{ readonly isWhole: boolean; readonly hasNotes: boolean }> {
  const tables = ['backup_lease', 'backup_runs', 'bucket_notes'] as const;
  const [lease = [], runs = [], notes = []] = await db.read(tables.map(columnsOf));
  return { isWhole: isLease(lease) && isLedger(runs), hasNotes: notes.includes('value') };
}

interface Taken {
  /** The row as it was. */
  readonly before: Row;
  /** Undefined: another holder has it. */
  readonly fence: number | undefined;
  /** Rows of the record that no run wrote. */
  readonly strangers: number;
}

async function take(db: Database, holder: string, ttlMs: number): Promise<Taken> {
  const [, , before, taken, strange] = await db.write([
    // The row may be missing after somebody's hand-made import; it must not switch the lease
    // off.
    sql("INSERT OR IGNORE INTO backup_lease (id, fence, holder, expires_ms) VALUES (1, 0, '', 0)"),
    // Further ahead than a beat can have put it: a clock that ran ahead did. A living holder
    // renews it within the time left.
    sql(
      `UPDATE backup_lease SET expires_ms = ${NOW_MS} + ?1
       WHERE id = 1 AND (typeof(expires_ms) <> 'integer' OR expires_ms > ${NOW_MS} + ?1)`,
      ttlMs,
    ),
    sql(
      `SELECT ${HOLDER} AS holder, fence, expires_ms - ${NOW_MS} AS left_ms, ${IS_FENCE} AS is_fence FROM backup_lease WHERE id = 1`,
    ),
    sql(
      `UPDATE backup_lease SET fence = ${NEXT_FENCE}, holder = ?, expires_ms = ${NOW_MS} + ?
       WHERE id = 1 AND expires_ms <= ${NOW_MS} RETURNING fence`,
      holder,
      ttlMs,
    ),
    sql(`SELECT COUNT(*) AS count FROM backup_runs WHERE ${IS_RUN} IS NOT TRUE`),
  ]);
  return {
    before: sureRow(before?.rows),
    fence: taken?.rows[0]?.int('fence'),
    strangers: sureRow(strange?.rows).int('count'),
  };
}

function acquired(fence: number, before: Row, strangers: number): LeaseAnswer {
  const notes = [
    ...(!before.bool('is_fence') ? [NEW_FENCE] : []),
    ...(strangers > 0 ? [strangeRuns(strangers)] : []),
  ];
  return { kind: 'acquired', fence, ...(notes.length > 0 && { note: notes.join('; ') }) };
}

function held(holder: string, row: Row): LeaseAnswer {
  return {
    kind: 'held',
    holder: shownHolder(holder),
    fence: row.bool('is_fence') ? row.int('fence') : 0,
    leftMs: row.int('left_ms'),
  };
}

const SHOWN_CHARACTERS = 120;

/** For people: the first line of the holder's text. */
function shownHolder(text: string): string {
  const [line = ''] = text.split('\n', 1);
  if (line === '') return 'unknown';
  return line.length > SHOWN_CHARACTERS ? `${line.slice(0, SHOWN_CHARACTERS)}…` : line;
}

function strangeRuns(count: number): string {
  const rows = count === 1 ? '1 row was' : `${count} rows were`;
  return `table backup_runs: ${rows} passed over, with a name, trigger, time or state that no run writes; start the bot on Node, which sets aside what it cannot read, or delete them by hand`;
}
