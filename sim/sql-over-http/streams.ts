/** Streams and their batons: signed, used once, expiring (libsql-server hrana/http/stream.rs). */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from './server-clock.ts';
import type { Limits } from './server-limits.ts';
import { Connection, type Opening } from './sql-connection.ts';
import { ProtocolError, StreamExpired } from './sql-errors.ts';
import type { WriteLock } from './write-lock.ts';

export interface Stream {
  readonly id: bigint;
  /** Undefined after a `close` request. */
  connection: Connection | undefined;
  readonly sqls: Map<number, string>;
  sequence: bigint;
  /** Users of the connection: the stream itself and a cursor that outlives its request's turn. */
  users: number;
}

type Entry =
  | { readonly state: 'available'; readonly stream: Stream; readonly cancelExpiry: () => void }
  | { readonly state: 'acquired' }
  | { readonly state: 'expired' };

export class Streams {
  readonly #database: Opening;
  readonly #clock: Clock;
  readonly #limits: Limits;
  readonly #lock: WriteLock;
  readonly #key = randomBytes(32);
  readonly #entries = new Map<bigint, Entry>();
  /** Connections of closed streams, for the next ones: libsql frees one only in a collection. */
  readonly #idle: Connection[] = [];
  #closed = false;

  constructor(database: Opening, clock: Clock, limits: Limits, lock: WriteLock) {
    this.#database = database;
    this.#clock = clock;
    this.#limits = limits;
    this.#lock = lock;
  }

  /** Streams that hold a connection. */
  get open(): number {
    return [...this.#entries.values()].filter((entry) => entry.state !== 'expired').length;
  }

  /** A new stream, or the one of the baton, which is used up by this. */
  acquire(baton: string | undefined): Stream {
    if (baton === undefined) {
      const connection = this.#idle.pop() ?? new Connection(this.#database);
      connection.begin();
      const stream = { id: randomInt64(), connection, sqls: new Map(), sequence: randomInt64(), users: 1 };
      this.#entries.set(stream.id, { state: 'acquired' });
      return stream;
    }
    const { id, sequence } = this.#decodeBaton(baton);
    const entry = this.#entries.get(id);
    if (entry === undefined) throw new ProtocolError('Received an invalid baton');
    if (entry.state === 'expired') throw new StreamExpired();
    if (entry.state === 'acquired' || entry.stream.sequence !== sequence) {
      throw new ProtocolError('Received a baton that has already been used');
    }
    entry.cancelExpiry();
    this.#entries.set(id, { state: 'acquired' });
    entry.stream.sequence = BigInt.asUintN(64, sequence + 1n);
    return entry.stream;
  }

  /** Ends a request's turn; the next baton, or null when the stream was closed. */
  release(stream: Stream): string | null {
    if (stream.connection === undefined) {
      this.#entries.delete(stream.id);
      return null;
    }
    const cancelExpiry = this.#clock.after(this.#limits.streamIdleMs, () => this.#expire(stream));
    this.#entries.set(stream.id, { state: 'available', stream, cancelExpiry });
    return this.#encodeBaton(stream);
  }

  /** Closes the stream for good: after `close`, or when its request failed. */
  close(stream: Stream): void {
    if (stream.connection === undefined) return;
    this.drop(stream, stream.connection);
    stream.connection = undefined;
    this.#entries.delete(stream.id);
  }

  /** Releases one user of the connection; the last one puts it back. */
  drop(stream: Stream, connection: Connection): void {
    stream.users -= 1;
    if (stream.users > 0) return;
    this.#lock.forget(connection);
    connection.reset();
    if (this.#closed) connection.close();
    else this.#idle.push(connection);
  }

  closeAll(): void {
    this.#closed = true;
    for (const entry of this.#entries.values()) {
      if (entry.state !== 'available') continue;
      entry.cancelExpiry();
      this.close(entry.stream);
    }
    for (const connection of this.#idle.splice(0)) connection.close();
  }

  #expire(stream: Stream): void {
    this.close(stream);
    this.#entries.set(stream.id, { state: 'expired' });
    this.#clock.after(this.#limits.expiredStreamKeptMs, () => this.#entries.delete(stream.id));
  }

  /** 16 bytes of stream id and sequence number, then their HMAC-SHA-256, in unpadded base64. */
  #encodeBaton(stream: Stream): string {
    const payload = Buffer.alloc(16);
    payload.writeBigUInt64BE(stream.id, 0);
    payload.writeBigUInt64BE(stream.sequence, 8);
    return Buffer.concat([payload, this.#sign(payload)])
      .toString('base64')
      .replace(/=+$/, '');
  }

  #decodeBaton(baton: string): { id: bigint; sequence: bigint } {
    const bytes = Buffer.from(baton, 'base64');
    const payload = bytes.subarray(0, 16);
    if (bytes.length !== 48 || !timingSafeEqual(this.#sign(payload), bytes.subarray(16))) {
      throw new ProtocolError('Received an invalid baton');
    }
    return { id: payload.readBigUInt64BE(0), sequence: payload.readBigUInt64BE(8) };
  }

  #sign(payload: Uint8Array): Buffer {
    return createHmac('sha256', this.#key).update(payload).digest();
  }
}

function randomInt64(): bigint {
  return randomBytes(8).readBigUInt64BE(0);
}
