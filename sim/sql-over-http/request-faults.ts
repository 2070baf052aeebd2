/** Faults that a test orders, request by request, and the body writer that carries them out. */

/** One HTTP request as it was received. */
export interface RequestRecord {
  /** 1 for the first request of this server. */
  readonly number: number;
  readonly method: string;
  readonly path: string;
  /** Length of the body. */
  readonly bytes: number;
  /** Every SQL text in it, in order. */
  readonly sql: readonly string[];
}

export type Fault =
  /** Answers this status at once; nothing is executed. */
  | { readonly kind: 'status'; readonly status: number }
  /** Cuts the connection: before anything is executed, or after everything was. */
  | { readonly kind: 'drop'; readonly when: 'before' | 'after' }
  /** Waits, then goes on as usual. */
  | { readonly kind: 'delay'; readonly ms: number }
  /**
   * Executes everything and sends only so many bytes of the body, status 200. Then it ends the body
   * properly, cuts the connection, or falls silent and lets the client wait (and calls
   * `onSilence`).
   */
  | {
      readonly kind: 'truncate';
      readonly bytes: number;
      readonly afterwards: 'end' | 'drop' | 'silence';
      readonly onSilence?: () => void;
    };

export type FaultPlan = (request: RequestRecord) => Fault | undefined;

/** From this size on a write is worth its system call. */
const CHUNK_CHARACTERS = 64 * 1024;

/** Where an answer goes: the used part of node:http's `ServerResponse`. */
export interface Answer {
  readonly destroyed: boolean;
  writeHead(status: number, headers: Readonly<Record<string, string>>): unknown;
  /** False: no room for more until `drain`. */
  write(bytes: Uint8Array): boolean;
  end(text?: string): unknown;
  /** Breaks the connection off. */
  destroy(): unknown;
  on(event: 'drain' | 'close', listener: () => void): Answer;
  off(event: 'drain' | 'close', listener: () => void): Answer;
}

/** The body of a status 200, subject to the fault. */
export class BodyWriter {
  readonly #response: Answer;
  readonly #fault: Fault | undefined;
  #left: number;
  /** Small entries wait for others, until the event loop's next turn. */
  #pending = '';
  #flush: NodeJS.Immediate | undefined;
  /** Set while the client has no room; all waiters share it. */
  #room: Promise<void> | undefined;

  constructor(response: Answer, fault: Fault | undefined) {
    this.#response = response;
    this.#fault = fault;
    this.#left = fault?.kind === 'truncate' ? fault.bytes : Number.POSITIVE_INFINITY;
  }

  /** A returned promise resolves when the client has room for more; at once when it hung up. */
  write(text: string | Buffer): void | Promise<void> {
    if (typeof text !== 'string') {
      this.#flushPending();
      this.#send(text);
      return this.#room;
    }
    this.#pending += text;
    if (this.#pending.length >= CHUNK_CHARACTERS) this.#flushPending();
    else this.#flush ??= setImmediate(() => this.#flushPending());
    return this.#room;
  }

  end(): void {
    this.#flushPending();
    const afterwards = this.#fault?.kind === 'truncate' && this.#left === 0 ? this.#fault.afterwards : 'end';
    if (afterwards === 'silence') return;
    if (!this.#dropped && afterwards === 'end') this.#response.end();
    else this.breakOff();
  }

  /** Ends the connection, not the body; what was written still goes out. */
  breakOff(): void {
    this.#flushPending();
    // One more turn of the loop, so that bytes already written leave before the socket is cut.
    setImmediate(() => this.#response.destroy());
  }

  #flushPending(): void {
    clearImmediate(this.#flush);
    this.#flush = undefined;
    const text = this.#pending;
    this.#pending = '';
    if (text !== '') this.#send(Buffer.from(text, 'utf8'));
  }

  #send(all: Buffer): void {
    if (this.#response.destroyed || this.#dropped || this.#left === 0) return;
    const bytes = all.length > this.#left ? all.subarray(0, this.#left) : all;
    this.#left -= bytes.length;
    if (!this.#response.write(bytes)) this.#room ??= this.#drained();
    if (this.#left === 0 && this.#fault?.kind === 'truncate') this.#fault.onSilence?.();
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#response.off('drain', done).off('close', done);
        this.#room = undefined;
        resolve();
      };
      this.#response.on('drain', done).on('close', done);
    });
  }

  get #dropped(): boolean {
    return this.#fault?.kind === 'drop' && this.#fault.when === 'after';
  }
}
