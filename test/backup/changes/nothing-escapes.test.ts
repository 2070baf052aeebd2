/**
 * Whatever happens to the rows, by whomever: a full backup and the files after it hold the very
 * database, digest by digest, at every restore point.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import Sqlite from 'libsql';
import { expect, test } from 'vitest';
import { type ChangeEvent, readChangeBatches } from '../../../src/backup/changes/change-file.ts';
import { coverageOf } from '../../../src/backup/changes/coverage.ts';
import { ensureTriggers } from '../../../src/backup/changes/ensure-triggers.ts';
import { ship } from '../../../src/backup/changes/ship.ts';
import { openUnsealed } from '../../../src/backup/envelope/unseal.ts';
import { createDigestSink } from '../../../src/backup/model/digest.ts';
import { feed } from '../../../src/backup/model/fan-out.ts';
import type { DatabaseSchema, Row, SqlValue, TableInfo } from '../../../src/backup/model/model.ts';
import { sqlLiteral } from '../../../src/backup/model/sql-literal.ts';
import { rowLayout } from '../../../src/backup/model/values.ts';
import { keySql } from '../../../src/backup/schema/change-key.ts';
import { openEmbeddedSnapshotSource } from '../../../src/backup/snapshot/embedded.ts';
import { sql } from '../../../src/db/database.ts';
import { quoteName } from '../../../src/lib/sql-tokens.ts';
import { createWorld } from '../../support/backup-world.ts';
import { createMemoryStore } from '../../support/memory-store.ts';
import { shippingOf } from '../../support/shipping.ts';
import { CHANGES, TABLES } from './any-changes.ts';

const STEP = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('change' as const),
      statements: fc.array(CHANGES, { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('ship' as const), entries: fc.integer({ min: 1, max: 12 }) }),
  },
);

test('a base and the files after it are the database, at every restore point', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(STEP, { minLength: 4, maxLength: 14 }),
      fc.boolean(),
      async (steps, recursive) => {
        const world = await createWorld();
        try {
          await run(world, steps, recursive);
        } finally {
          world.close();
        }
      },
    ),
    { numRuns: Number(process.env['CHANGE_RUNS'] ?? 12), endOnFailure: true },
  );
}, 120_000);

type Step = { kind: 'change'; statements: readonly string[] } | { kind: 'ship'; entries: number };

async function run(
  { db, path }: Awaited<ReturnType<typeof createWorld>>,
  steps: readonly Step[],
  isRecursive: boolean,
): Promise<void> {
  const source = openEmbeddedSnapshotSource({ path });
  await db.write(TABLES.map((text) => sql(text)));
  await ensureTriggers(db, source);
  await db.write([sql('UPDATE change_state SET needs_base = NULL')]);
  const directory = mkdtempSync(join(tmpdir(), 'escapes-'));
  const replica = join(directory, 'replica.db');
  const copier = new Sqlite(path, { timeout: 5_000 });
  copier.prepare('VACUUM INTO ?').run(replica);
  copier.close();
  const store = createMemoryStore(() => new Date());
  const { tables } = await source.schema();
  const writer = new Sqlite(path, { timeout: 5_000 });
  writer.exec(`PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ${isRecursive ? 'ON' : 'OFF'}`);
  const context = shippingOf({ db, source, store }, { prefix: '' });
  for (const step of [...steps, { kind: 'ship' as const, entries: 10_000 }]) {
    if (step.kind === 'change') {
      for (const statement of step.statements) change(writer, statement);
      continue;
    }
    const outcome = await ship({ ...context, entries: step.entries });
    if (outcome.kind !== 'shipped') continue;
    await replay(replica, store.objects.get(outcome.file)?.body ?? new Uint8Array(), {
      tables,
      isEnd: outcome.isEnd,
    });
    if (outcome.isEnd) expect(await digests(replica)).toEqual(await digests(path));
  }
  writer.close();
}

function change(db: InstanceType<typeof Sqlite>, statement: string): void {
  const [, i, j] = /^SWAP (\d) (\d)$/.exec(statement) ?? [];
  const texts =
    i === undefined
      ? [statement]
      : [
          `UPDATE parent SET code = '~' || code WHERE id = ${i}`,
          `UPDATE OR IGNORE parent SET code = (SELECT substr(code, 2) FROM parent WHERE id = ${i}) WHERE id = ${j}`,
          `UPDATE OR IGNORE parent SET code = 'was' || id WHERE id = ${i}`,
        ];
  // What a constraint refuses changes nothing, and logs nothing.
  try {
    db.transaction(() => {
      for (const text of texts) db.exec(text);
    })();
  } catch {}
}

/** A small model of replay: every named row goes, then the images come. */
async function replay(
  path: string,
  stored: Uint8Array,
  { tables, isEnd }: { readonly tables: readonly TableInfo[]; readonly isEnd: boolean },
): Promise<void> {
  const db = new Sqlite(path);
  db.exec('PRAGMA foreign_keys = OFF');
  const body = new Response(Buffer.from(stored)).body ?? new ReadableStream();
  const gone: string[] = [];
  const come: string[] = [];
  const unpacked = openUnsealed(body, { encrypted: false, keys: undefined });
  const tableOf = (name: string) => tables.find((table) => table.name === name);
  const events: ChangeEvent[] = [];
  for await (const batch of readChangeBatches(unpacked, tableOf)) events.push(...batch);
  for (const event of events) {
    if (event.kind === 'image') {
      gone.push(`DELETE FROM ${quoteName(event.table.name)} WHERE ${isRow(event.table, event.row)}`);
      // A row may be newer than the file; who holds its unique value still comes in the next one.
      come.push(`INSERT ${isEnd ? '' : 'OR REPLACE '}INTO ${insertOf(event.table, event.row)}`);
    }
    if (event.kind === 'deleted') {
      const name = quoteName(event.table.name);
      const { key, rest } = keySql(event.table, name);
      gone.push(
        `DELETE FROM ${name} WHERE ${key} = ${sqlLiteral(event.key)} AND ${rest} IS ${sqlLiteral(event.rest)}`,
      );
    }
    if (event.kind === 'sequence')
      for (const [name, seq] of event.sequence)
        come.push(
          `DELETE FROM sqlite_sequence WHERE name = ${sqlLiteral(name)}`,
          `INSERT INTO sqlite_sequence VALUES (${sqlLiteral(name)}, ${sqlLiteral(seq)})`,
        );
  }
  const triggers: unknown[] = db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
    .raw()
    .all()
    .flat();
  for (const name of triggers) db.exec(`DROP TRIGGER ${quoteName(String(name))}`);
  db.exec(`BEGIN; ${[...gone, ...come].join(';\n')}; COMMIT`);
  db.close();
}

function isRow(table: TableInfo, row: Row): string {
  if (!table.withoutRowid) return `rowid = ${sqlLiteral(row[0] ?? null)}`;
  return table.columns
    .flatMap((column, i) =>
      column.primaryKey > 0 ? [`${quoteName(column.name)} IS ${sqlLiteral(row[i] ?? null)}`] : [],
    )
    .join(' AND ');
}

function insertOf(table: TableInfo, row: Row): string {
  const { columns, rowid } = rowLayout(table);
  const names = columns.map(({ name }) => quoteName(name));
  const values: SqlValue[] = rowid === 'none' ? [...row] : row.slice(1);
  if (rowid === 'hidden') {
    names.unshift('rowid');
    values.unshift(row[0] ?? null);
  }
  return `${quoteName(table.name)} (${names.join(', ')}) VALUES (${values.map(sqlLiteral).join(', ')})`;
}

async function digests(path: string): Promise<Record<string, string>> {
  const read = createDigestSink();
  const wanted = (schema: DatabaseSchema) =>
    new Set([...coverageOf(schema).covered.map(({ name }) => name), 'sqlite_sequence']);
  let names = new Set<string>();
  await openEmbeddedSnapshotSource({ path }).read(async (snapshot) => {
    names = wanted(snapshot.schema);
    await feed(snapshot, { ordered: read, others: [] }, async () => {});
  });
  await read.finish();
  return Object.fromEntries(
    read
      .result()
      .flatMap(({ table, sha256 }) =>
        names.has(table) && table !== 'sqlite_sequence' ? [[table, sha256]] : [],
      ),
  );
}
