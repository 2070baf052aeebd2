/** What the uploads of one run share: the turns to send a part, and the buffers of parts that have been sent. */
import { Slots } from './slots.ts';

export class PartLane {
  readonly #slots: Slots;
  readonly #spare: Uint8Array<ArrayBuffer>[] = [];

  /** @param inFlight parts on their way at a time */
  constructor(inFlight: number) {
    this.#slots = new Slots(inFlight);
  }

  /** Resolves, when it is this part's turn, with the function that ends the turn; call it exactly once. */
  turn(): Promise<() => void> {
    return this.#slots.acquire();
  }

  /** A buffer for a part; what is in it is of no meaning. */
  take(bytes: number): Uint8Array<ArrayBuffer> {
    const spare = this.#spare.pop();
    return spare?.byteLength === bytes ? spare : new Uint8Array(bytes);
  }

  /** Takes back a whole buffer that nothing can be reading any more. */
  give(buffer: Uint8Array<ArrayBuffer>): void {
    this.#spare.push(buffer);
  }
}
