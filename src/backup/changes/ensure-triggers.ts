/**
 * The triggers of the change log, and the row that says where it stands: made at a start and
 * whenever the schema has moved, taken away where the log is not wanted.
 */
import { type Database, type Statement, sql } from '../../db/database.ts';
import { changes } from '../../db/migrations/0009-changes.ts';
import { quoteName } from '../../lib/sql-tokens.ts';
import { COOKIE_SQL, NOW_SQL, STATE_HOLDS, STATE_TABLE, UNTOLD_SPOILT } from '../catalog/change-state.ts';
import type { DatabaseSchema, SnapshotSource, TableInfo } from '../model/model.ts';
import { isChangeTrigger, LOG_TABLE, triggersOf } from '../schema/change-triggers.ts';
import { coverageOf } from './coverage.ts';
import { countOn } from './needs-base.ts';
import { schemaHash } from './schema-hash.ts';

/**
 * A timeline begins with nothing behind it, so a full backup comes first. What waits in the log
 * stays there until that backup holds it.
 * @param isLost the log was kept before: somebody deleted or altered the row
 */
function beginLog(isLost: boolean): Statement[] {
  const counted = `(SELECT CAST(seq AS INTEGER) FROM sqlite_sequence WHERE name = '${LOG_TABLE}')`;
  const reason = isLost ? 'spoilt' : 'new';
  return [
    sql(`DELETE FROM ${STATE_TABLE} WHERE NOT COALESCE(${STATE_HOLDS}, 0)`),
    sql(
      `INSERT OR IGNORE INTO ${STATE_TABLE} (id, timeline, reason, since, shipped_seq, needs_base, told)
       SELECT 1, lower(hex(randomblob(16))), ?1, ${NOW_SQL}, MAX(0, COALESCE(MIN(seq) - 1, ${counted}, 0)), ?1, ?2
       FROM ${LOG_TABLE}`,
      reason,
      isLost ? UNTOLD_SPOILT : null,
    ),
  ];
}

/**
 * Makes what is missing, takes away what does not fit, in one transaction. Where a covered table
 * had not its triggers, or rows mean something else now, changes may have gone unseen: from then on
 * a full backup is needed before the next file.
 */
export async function ensureTriggers(db: Database, source: Pick<SnapshotSource, 'schema'>): Promise<void> {
  const tables = await withTables(db, source);
  if (tables === undefined) return;
  const { schema, isMadeAnew } = tables;
  const { covered } = coverageOf(schema);
  const wanted = new Map(
    covered
      .flatMap((table) => triggersOf(table, schema.indexes))
      .map((trigger) => [trigger.name, trigger.sql]),
  );
  const dropped = ownTriggers(schema).filter(({ name, sql: text }) => wanted.get(name) !== text);
  const found = new Set(
    ownTriggers(schema).flatMap(({ name, sql: text }) => (wanted.get(name) === text ? [name] : [])),
  );
  const made = [...wanted].filter(([name]) => !found.has(name)).map(([, text]) => sql(text));
  const hash = schemaHash(schema);
  const isUnseen = made.length + dropped.length > 0;
  const isMovable = covered.some((table) => mayMoveRows(table, schema));
  await db.write([
    ...beginLog(isMadeAnew || ownTriggers(schema).length > 0),
    sql(
      `UPDATE ${STATE_TABLE} SET schema_cookie = ${COOKIE_SQL},
         needs_base = COALESCE(needs_base, CASE WHEN ?1 AND schema_cookie IS NOT ${COOKIE_SQL} THEN 'schema' END)
       WHERE id = 1`,
      isMovable ? 1 : 0,
    ),
    ...dropped.map(({ name }) => sql(`DROP TRIGGER ${quoteName(name)}`)),
    ...made,
    // Where the schema moved after it was read, the next look finds another cookie than this one.
    sql(
      `UPDATE ${STATE_TABLE} SET schema_cookie = CASE schema_cookie WHEN ?1 THEN ${COOKIE_SQL} END, schema_sha256 = ?2,
         needs_base = COALESCE(needs_base, CASE WHEN ?3 OR schema_sha256 IS NOT ?2 THEN 'schema' END)
       WHERE id = 1`,
      schema.schemaVersion,
      hash,
      isUnseen ? 1 : 0,
    ),
  ]);
}

/** Without them nothing is logged; what happens until they are back no file will ever tell. */
export async function removeTriggers(db: Database, source: Pick<SnapshotSource, 'schema'>): Promise<void> {
  const schema = await source.schema();
  const own = ownTriggers(schema);
  if (own.length === 0) return;
  const off: Statement[] = isReady(schema)
    ? [sql(`UPDATE ${STATE_TABLE} SET needs_base = 'off', schema_cookie = NULL WHERE id = 1`)]
    : [];
  await db.write([...own.map(({ name }) => sql(`DROP TRIGGER ${quoteName(name)}`)), ...off]);
}

function ownTriggers({ objects }: DatabaseSchema): DatabaseSchema['objects'] {
  return objects.filter((object) => object.type === 'trigger' && isChangeTrigger(object));
}

/**
 * Somebody dropped one of the log's own tables, and each write fails on it: it is made again. What
 * is missing in it leads to a full backup, as rows that are gone from it do. Undefined before
 * the migration that makes them: there is no log.
 */
async function withTables(
  db: Database,
  source: Pick<SnapshotSource, 'schema'>,
): Promise<{ readonly schema: DatabaseSchema; readonly isMadeAnew: boolean } | undefined> {
  const schema = await source.schema();
  if (isReady(schema)) return { schema, isMadeAnew: false };
  if (!schema.tables.some(({ name }) => SIGNS.includes(name)) && ownTriggers(schema).length === 0)
    return undefined;
  const made = changes
    .up(new Map())
    .map((text) => text.replace(/^CREATE TABLE /, 'CREATE TABLE IF NOT EXISTS '));
  const isLogThere = schema.tables.some(({ name }) => name === LOG_TABLE);
  await db.write([...made.map((text) => sql(text)), ...(isLogThere ? [] : LOG_GONE)]);
  return { schema: await source.schema(), isMadeAnew: true };
}

/**
 * Nobody knows what waited in it. A number that was given before would be forgotten with those that
 * the full backup holds.
 */
const LOG_GONE: readonly Statement[] = [
  sql(
    `UPDATE ${STATE_TABLE} SET needs_base = COALESCE(needs_base, 'lost'), told = ? WHERE id = 1`,
    UNTOLD_SPOILT,
  ),
  ...countOn(),
];

/** Where one of these is, the migration has been; the last one came after it. */
const SIGNS = [LOG_TABLE, STATE_TABLE, 'bucket_notes'];

/** Before the migration that makes them there is no log. */
function isReady({ tables }: DatabaseSchema): boolean {
  return [LOG_TABLE, STATE_TABLE].every((name) => tables.some((table) => table.name === name));
}

/** VACUUM numbers such rows anew, and fires no trigger (sqlite.org/lang_vacuum.html). */
function mayMoveRows({ name, withoutRowid, rowidAlias }: TableInfo, { indexes }: DatabaseSchema): boolean {
  return !withoutRowid && rowidAlias === null && !indexes.some(({ table }) => table === name);
}
