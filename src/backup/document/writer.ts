/**
 * Writes a snapshot as one JSON document while it streams by, in bounded memory. The shape:
 * docs/formats.md, "Document".
 */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import type {
  DatabaseSchema,
  EncodedRows,
  HeadLastWriter,
  Row,
  ScanTarget,
  SnapshotSink,
  TableInfo,
} from '../model/model.ts';
import { encodeValue, rowEncoder, rowHeads } from './encode.ts';
import {
  countsText,
  FORMAT_NAME,
  FORMAT_VERSION,
  MAX_PIECE_BYTES,
  type NestedTarget,
  nestedTarget,
  ORPHANS_OPEN,
  PARTS_KEY,
  type Section,
  sectionsOf,
  tailText,
} from './format.ts';
import { schemaToJson } from './schema-json.ts';

export interface DocumentMeta {
  /** The run's time; written in whole seconds of UTC. */
  readonly backupTime: Date;
  /** Of a backup whose name does not tell its time. */
  readonly name?: string;
  readonly appVersion: string;
  /** The program's schema version (number of the last migration); `user_version` when not given. */
  readonly schemaVersion?: number;
}

export interface WriteOptions {
  /**
   * Longest row written, in bytes of JSON; default {@link MAX_PIECE_BYTES}, which is what every
   * reader accepts.
   */
  readonly maxRowBytes?: number;
}

/**
 * Text collected before it is encoded and handed on, in UTF-16 units: large enough that a write's
 * cost does not show.
 */
const CHUNK_UNITS = 64 * 1024;

/**
 * A sink that writes the document to `out` and closes it in `finish` (with an empty head). It wants
 * a scan of every table; anime and anime_parts in one `nested` scan when they nest. On failure the
 * caller aborts `out`. Throws on a row that could not be read back: more than `maxRowBytes` of
 * JSON, or a value that SQLite cannot hold.
 */
export function createDocumentSink(
  out: HeadLastWriter<unknown>,
  meta: DocumentMeta,
  { maxRowBytes = MAX_PIECE_BYTES }: WriteOptions = {},
): SnapshotSink {
  // What is hashed already is not hashed again.
  const hash = out.sha256 === undefined ? createHash('sha256') : undefined;
  const counts = new Map<string, number>();
  let text = '';
  let sections: Iterator<Section> = [][Symbol.iterator]();
  let current: { section: Section; format: RowFormat } | undefined;

  async function flush(): Promise<void> {
    const bytes = Buffer.from(text, 'utf8');
    text = '';
    await write(bytes);
  }
  async function write(bytes: Uint8Array): Promise<void> {
    hash?.update(bytes);
    await out.write(bytes);
  }
  /** Writes the empty sections up to the next one that has a table, and opens that one. */
  function nextSection(): Section | undefined {
    for (let next = sections.next(); !next.done; next = sections.next()) {
      text += next.value.open;
      if (next.value.table !== null) return next.value;
      text += next.value.close;
    }
    return undefined;
  }

  return {
    targets(schema) {
      const nested = nestedTarget(schema);
      return sectionsOf(schema.tables, nested !== null).flatMap(({ table, parts }): ScanTarget[] => {
        if (table === null) return [];
        return [parts !== null && nested !== null ? nested : { kind: 'table', table }];
      });
    },
    begin(schema) {
      const nested = nestedTarget(schema) !== null;
      for (const { name } of schema.tables) counts.set(name, 0);
      text = header(schema, meta, nested);
      sections = sectionsOf(schema.tables, nested)[Symbol.iterator]();
    },
    beginScan(target) {
      const section = nextSection();
      const [wanted, given] = [section?.table?.name, tableOf(target)];
      if (
        section === undefined ||
        wanted !== given ||
        (section.parts !== null) !== (target.kind === 'nested')
      ) {
        throw new Error(
          `the document wants a scan of ${wanted ?? 'nothing'}, not a ${target.kind} scan of ${given}`,
        );
      }
      current = { section, format: rowFormat(target, counts) };
    },
    async rows(batch) {
      if (current === undefined) throw new Error('rows outside a scan');
      const { format, section } = current;
      const tooLarge = `a row of ${section.key} takes more than ${maxRowBytes} bytes as JSON`;
      if (batch.encoded !== undefined && format.encoded !== undefined) {
        await flush();
        await write(format.encoded(batch.encoded, batch.length, { maxRowBytes, tooLarge }));
        return;
      }
      for (const row of batch) {
        const piece = format.row(row);
        // One UTF-16 unit takes at most three bytes: only a piece this long can be over the limit.
        if (piece.length * 3 > maxRowBytes && Buffer.byteLength(piece) > maxRowBytes)
          throw new Error(tooLarge);
        text += piece;
        if (text.length >= CHUNK_UNITS) await flush();
      }
    },
    endScan() {
      if (current === undefined) throw new Error('end of a scan that was not begun');
      text += current.format.end() + current.section.close;
      current = undefined;
    },
    async finish() {
      const missing = nextSection();
      if (missing !== undefined) throw new Error(`the document lacks the scan of ${missing.key}`);
      text += countsText(counts);
      await flush();
      const sha256 = hash?.digest('hex') ?? out.sha256?.() ?? '';
      await out.write(Buffer.from(tailText(sha256), 'utf8'));
      await out.close(new Uint8Array(0));
    },
  };
}

function header(schema: DatabaseSchema, meta: DocumentMeta, nested: boolean): string {
  const values = {
    // Seconds, no zone: the old bot's form.
    backup_timestamp: meta.backupTime.toISOString().slice(0, 'YYYY-MM-DDTHH:MM:SS'.length),
    ...(meta.name !== undefined && { backup_name: meta.name }),
    format: FORMAT_NAME,
    format_version: FORMAT_VERSION,
    app_version: meta.appVersion,
    schema_version: meta.schemaVersion ?? schema.userVersion,
    parts_nested: nested,
    schema: schemaToJson(schema),
  };
  const lines = Object.entries(values).map(([key, value]) => `"${key}":${JSON.stringify(value)},\n`);
  return `{\n${lines.join('')}`;
}

function tableOf(target: ScanTarget): string {
  if (target.kind === 'index') return target.index.table;
  return target.kind === 'nested' ? target.parent.name : target.table.name;
}

/**
 * How the rows of one scan are written: each row's text, with the separator before it; and what
 * closes the last one.
 */
interface RowFormat {
  row(row: Row): string;
  /** Some rows at once. */
  encoded?(
    rows: EncodedRows,
    count: number,
    limit: { readonly maxRowBytes: number; readonly tooLarge: string },
  ): Uint8Array;
  end(): string;
}

function rowFormat(target: ScanTarget, counts: Map<string, number>): RowFormat {
  if (target.kind === 'index') throw new Error('the document has no place for an index');
  if (target.kind === 'nested') return nestedFormat(target, counts);
  const { table } = target;
  const encode = rowEncoder(table, 0);
  const heads = rowHeads(table);
  const lead = separator();
  return {
    row(row) {
      count(counts, table);
      return `${lead()}${encode(row)}}`;
    },
    encoded(rows, added, limit) {
      count(counts, table, added);
      return rows.json({ heads, close: '}', value: encodeValue, first: lead(), between: lead(), ...limit });
    },
    end: () => '',
  };
}

function nestedFormat({ parent, child }: NestedTarget, counts: Map<string, number>): RowFormat {
  const encodeParent = rowEncoder(parent, 1);
  const encodeChild = rowEncoder(child, 1);
  const leadParent = separator();
  let leadChild = separator();
  let state: 'before' | 'in anime' | 'orphans' = 'before';

  function beginOrphans(): string {
    const close = state === 'in anime' ? ']}' : '';
    state = 'orphans';
    leadChild = separator();
    return `${close}${ORPHANS_OPEN}`;
  }
  return {
    row(row) {
      const tag = row[0];
      if (tag === 0n && state !== 'orphans') {
        count(counts, parent);
        const close = state === 'in anime' ? ']}' : '';
        state = 'in anime';
        leadChild = separator();
        return `${close}${leadParent()}${encodeParent(row)},"${PARTS_KEY}":[`;
      }
      if (tag === 1n ? state !== 'in anime' : tag !== 2n) {
        throw new Error(`a row with tag ${tag} is out of place in the scan of ${parent.name}`);
      }
      count(counts, child);
      const orphans = tag === 2n && state !== 'orphans' ? beginOrphans() : '';
      return `${orphans}${leadChild()}${encodeChild(row)}}`;
    },
    end: () => (state === 'orphans' ? '' : beginOrphans()),
  };
}

/** A row a line: the document stays readable, and a text editor survives it. */
function separator(): () => string {
  let first = true;
  return () => {
    if (!first) return ',\n';
    first = false;
    return '\n';
  };
}

function count(counts: Map<string, number>, table: TableInfo, rows = 1): void {
  counts.set(table.name, (counts.get(table.name) ?? 0) + rows);
}
