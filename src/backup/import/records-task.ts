/**
 * A plain JSON file or SQLite database as the records of an import. Runs in the process for foreign
 * files only (foreign/process.ts). Node only.
 */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { readLegacyDocument } from '../document/legacy.ts';
import { kindOfKey, type LegacyRecord, recordsOf } from '../document/legacy-records.ts';
import { UnsealError } from '../envelope/types.ts';
import type { Task } from '../foreign/task.ts';
import { InvalidText, type SqlValue } from '../model/model.ts';
import { rowLayout } from '../model/values.ts';
import { openFileSnapshotSource } from '../snapshot/file.ts';
import { copyDatabase } from '../verify/copy-database.ts';
import { requireIntact } from '../verify/file-integrity.ts';
import { mappedRecords } from './map/apply.ts';
import type { ImportMap } from './map/format.ts';
import { readSources, recordOf, type SourceKind } from './map/sources.ts';
import type { ImportEvent } from './stage.ts';

declare module '../foreign/task.ts' {
  interface Tasks {
    readonly records: typeof recordsTask;
  }
}

export interface RecordsInput {
  readonly path: string;
  readonly kind: SourceKind;
  /** How another bot's file is laid out; undefined for one of this bot's. */
  readonly map?: ImportMap | undefined;
  /** A directory for a copy of the database. */
  readonly scratch: string;
  /** How far the old bot's clock was ahead of UTC. */
  readonly utcOffsetMinutes: number;
}

/** Records a message. */
const BATCH = 500;

export const recordsTask: Task<RecordsInput, void, readonly WireEvent[]> = async (input, { send }) => {
  let batch: WireEvent[] = [];
  const add = async (event: ImportEvent): Promise<void> => {
    batch.push(eventToWire(event));
    if (batch.length < BATCH) return;
    const full = batch;
    batch = [];
    await send(full);
  };
  const { path, kind, map, scratch, utcOffsetMinutes } = input;
  if (map !== undefined) {
    const sources = await readSources(path, kind, { scratch });
    for (const event of mappedRecords(sources, map, utcOffsetMinutes)) await add(event);
  } else if (kind === 'json')
    for await (const event of readLegacyDocument(createReadStream(path), { utcOffsetMinutes }))
      await add(event);
  else {
    const copy = join(scratch, 'import.db');
    // What stands only in its -wal is its as well.
    await copyDatabase(path, copy, 'the file');
    requireIntact(copy, 'the file');
    await readDatabase(copy, utcOffsetMinutes, add);
  }
  if (batch.length > 0) await send(batch);
};

/** Enough to know a database by. */
const SHOWN_TABLES = 20;

function noneOfOurs(tables: readonly string[]): string {
  const shown = tables.toSorted().slice(0, SHOWN_TABLES).join(', ');
  const more = tables.length > SHOWN_TABLES ? `, and ${tables.length - SHOWN_TABLES} more` : '';
  return `the database has none of the bot’s tables; it has ${shown === '' ? 'no tables' : `${shown}${more}`}`;
}

/** Rows of a database as the records its JSON would give: one set of rules for both. */
function readDatabase(
  path: string,
  utcOffsetMinutes: number,
  add: (event: ImportEvent) => Promise<void>,
): Promise<void> {
  return openFileSnapshotSource({ path }).read(async (snapshot) => {
    const tables = snapshot.schema.tables.filter(({ kind }) => kind === 'table');
    if (!tables.some(({ name }) => kindOfKey(name) !== undefined))
      throw new UnsealError('foreign', noneOfOurs(tables.map(({ name }) => name)));
    for await (const scan of snapshot.scans(tables.map((table) => ({ kind: 'table', table })))) {
      if (scan.target.kind !== 'table') continue;
      const { table } = scan.target;
      const layout = rowLayout(table);
      const kind = kindOfKey(table.name) ?? 'other';
      let index = 0;
      for await (const rows of scan.rows)
        for (const row of rows) {
          const fields = recordOf(row, layout);
          for (const event of recordsOf(kind, table.name, [table.name, index], fields, utcOffsetMinutes))
            await add(event);
          index += 1;
        }
    }
  });
}

/** Messages between processes carry neither classes nor objects without a prototype. */
type WireValue = Exclude<SqlValue, InvalidText> | { readonly invalidText: Uint8Array };
export type WireEvent =
  | (Omit<LegacyRecord, 'fields'> & { readonly fields: readonly (readonly [string, WireValue])[] })
  | Extract<ImportEvent, { kind: 'refusal' | 'left' }>;

function eventToWire(event: ImportEvent): WireEvent {
  if (event.kind === 'refusal' || event.kind === 'left') return event;
  const fields = Object.entries(event.fields).map(([name, value]) => [name, valueToWire(value)] as const);
  return { ...event, fields };
}

export function eventFromWire(event: WireEvent): ImportEvent {
  if (event.kind === 'refusal' || event.kind === 'left') return event;
  const fields: Record<string, SqlValue> = Object.create(null);
  for (const [name, value] of event.fields) fields[name] = valueFromWire(value);
  return { ...event, fields };
}

function valueToWire(value: SqlValue): WireValue {
  return value instanceof InvalidText ? { invalidText: value.bytes } : value;
}

function valueFromWire(value: WireValue): SqlValue {
  const isInvalid = typeof value === 'object' && value !== null && 'invalidText' in value;
  return isInvalid ? new InvalidText(value.invalidText) : value;
}
