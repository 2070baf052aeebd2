/**
 * The answer of `POST /v3/cursor` as entries, checked against what was asked
 * (serverless/PROTOCOL.md 7.2).
 */
import { Buffer } from 'node:buffer';
import { isObject } from '../../lib/read-json.ts';
import type { Row } from '../model/model.ts';
import { RowLines, rowFromJson, startsRow } from './row-lines.ts';
import { readStream, StatementFailed, type StreamAddress } from './sql-http.ts';
import { parseJson, WireError, type WireValue } from './wire.ts';

type Entry =
  | { readonly type: 'begin'; readonly step: number; readonly width: number }
  | { readonly type: 'end' }
  | { readonly type: 'terminator' };

/** What the rows of a step are made into. */
export interface RowReader {
  /** Columns of the answer. */
  readonly width: number;
  readRow(values: readonly WireValue[]): Row;
  /** For rows of one text: the same from the text as it stands in `block`. */
  readonly readText?: (block: string, from: number, to: number) => Row;
}

/** Rows are handed on at the latest when their text reaches this many characters. */
const BATCH_CHARACTERS = 256 * 1024;

/**
 * Reads one cursor. Every method throws when the answer is not what it must be: cut off, failed on
 * the server, or out of order. Nothing but {@link finish} makes what was read a whole answer.
 */
export class CursorEntries {
  readonly #host: string;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #blocks: AsyncGenerator<string>;
  #lines = new RowLines('', 0);
  #block = '';

  private constructor(host: string, reader: ReadableStreamDefaultReader<Uint8Array>) {
    this.#host = host;
    this.#reader = reader;
    this.#blocks = textBlocks(reader);
  }

  /** Reads the first line, which names the stream. */
  static async open(
    host: string,
    response: Response,
  ): Promise<{ entries: CursorEntries; stream: StreamAddress | undefined }> {
    if (response.body === null) throw new WireError('a cursor answer without a body');
    const entries = new CursorEntries(host, response.body.getReader());
    try {
      const first = await entries.#nextLine();
      if (first === undefined || 'type' in first)
        throw new WireError('a cursor answer without its first line');
      return { entries, stream: readStream(first) };
    } catch (error) {
      await entries.cancel();
      throw error;
    }
  }

  /** The rows of one step: it must be the next, with as many columns as the reader expects. */
  async *step(step: number, reader: RowReader, batchRows: number): AsyncGenerator<Row[]> {
    const { width } = reader;
    const begin = await this.#nextEntry();
    if (begin.type !== 'begin' || begin.step !== step || begin.width !== width) {
      throw new WireError(`a cursor answer that does not go on with step ${step}`);
    }
    let rows: Row[] = [];
    let characters = 0;
    for (;;) {
      const entry = await this.#nextRowOr(reader, (row, length) => {
        rows.push(row);
        characters += length;
        return rows.length < batchRows && characters < BATCH_CHARACTERS;
      });
      if (rows.length > 0) yield rows;
      rows = [];
      characters = 0;
      if (entry?.type === 'end') return;
      if (entry !== undefined) throw new WireError(`a cursor answer that breaks off in step ${step}`);
    }
  }

  /** Requires the end of the answer here: the terminator, and nothing behind it. */
  async finish(): Promise<void> {
    const entry = await this.#nextEntry();
    if (entry.type !== 'terminator')
      throw new WireError('a cursor answer with more steps than were asked for');
    if ((await this.#nextLine()) !== undefined)
      throw new WireError('a cursor answer that goes on after its end');
  }

  /** Stops reading; the server notices. Never throws. */
  async cancel(): Promise<void> {
    await this.#reader.cancel().catch(ignoreBrokenConnection);
  }

  /** Feeds rows to `take` until it has enough (undefined) or another entry comes. */
  async #nextRowOr(
    reader: RowReader,
    take: (row: Row, length: number) => boolean,
  ): Promise<Entry | undefined> {
    for (;;) {
      while (startsRow(this.#block, this.#lines.at)) {
        const from = this.#lines.at;
        const row =
          (reader.readText && this.#lines.nextPacked(reader.readText)) ??
          readValues(reader, this.#lines.next());
        if (!take(row, this.#lines.at - from)) return undefined;
      }
      const line = await this.#nextLine();
      if (line === undefined) throw new WireError('a cursor answer that is cut off');
      if (line['type'] === 'row') {
        if (!take(readValues(reader, rowFromJson(line)), 0)) return undefined;
        continue;
      }
      const entry = this.#readEntry(line);
      if (entry !== undefined) return entry;
    }
  }

  async #nextEntry(): Promise<Entry> {
    for (;;) {
      const line = await this.#nextLine();
      if (line === undefined) throw new WireError('a cursor answer that is cut off');
      const entry = this.#readEntry(line);
      if (entry !== undefined) return entry;
    }
  }

  /** Undefined for entry types this program does not know: they are to be ignored. */
  #readEntry(line: Readonly<Record<string, unknown>>): Entry | undefined {
    switch (line['type']) {
      case 'step_begin':
        if (typeof line['step'] !== 'number' || !Array.isArray(line['cols'])) break;
        return { type: 'begin', step: line['step'], width: line['cols'].length };
      case 'step_end':
        return { type: 'end' };
      case 'replication_index':
        return { type: 'terminator' };
      case 'step_error':
      case 'error':
        throw new StatementFailed(this.#host, line['error']);
      case 'row':
        break;
      default:
        if (typeof line['type'] === 'string') return undefined;
    }
    throw new WireError(`a cursor entry of type ${String(line['type'])} out of its place`);
  }

  /** The next line as JSON, undefined at the end of the body. */
  async #nextLine(): Promise<Readonly<Record<string, unknown>> | undefined> {
    while (this.#lines.at >= this.#block.length) {
      const { done, value } = await this.#blocks.next();
      if (done) return undefined;
      this.#block = value;
      this.#lines = new RowLines(value, 0);
    }
    const from = this.#lines.at;
    const end = this.#block.indexOf('\n', from);
    this.#lines.at = end + 1;
    const line = parseJson(this.#block.slice(from, end));
    if (!isObject(line)) throw new WireError('a cursor entry that is no object');
    return line;
  }
}

function readValues({ width, readRow }: RowReader, values: readonly WireValue[]): Row {
  if (values.length !== width) throw new WireError(`a row of ${values.length} values where ${width} belong`);
  return readRow(values);
}

/** Cancelling a body that already broke rejects with the break, which whoever read it has seen. */
function ignoreBrokenConnection(): void {}

/**
 * Longest line taken: a row of 5 MB (the server's limit) whose every byte became six characters,
 * with room to spare.
 */
const MAX_LINE_BYTES = 64 * 1024 * 1024;
const NEWLINE = 0x0a;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Yields text that ends in a line break, in order, as it comes. Throws {@link WireError} when the
 * stream ends inside a line or holds bytes that are not UTF-8; a failing stream throws what it
 * throws.
 */
async function* textBlocks(reader: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<string> {
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const end = value.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      const whole =
        pending.length === 0 ? value.subarray(0, end) : Buffer.concat([...pending, value.subarray(0, end)]);
      pending = [];
      pendingBytes = 0;
      yield decode(whole);
    }
    if (end < value.length) {
      pending.push(value.slice(end));
      pendingBytes += value.length - end;
      if (pendingBytes > MAX_LINE_BYTES) throw new WireError(`a line of more than ${MAX_LINE_BYTES} bytes`);
    }
  }
  if (pendingBytes > 0) throw new WireError('the answer ends inside a line');
}

function decode(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch (error) {
    throw new WireError('the answer is not UTF-8', { cause: error });
  }
}
