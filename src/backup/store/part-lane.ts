/** What the uploads of one run share: their turns to send a part, and the buffers of sent parts. */
import { Slots } from '../../lib/slots.ts';

/**
 * A part is 5 MiB, and `fetch` makes two copies of it: one at a time is quick enough, and what a
 * Worker can hold.
 */
const PARTS_IN_FLIGHT = 1;

/**
 * One lane serves one run, never two incoming requests of a Worker: workerd does not give back the
 * turn of a cancelled request, and that must delay nobody else.
 */
export class PartLane {
  readonly #slots = new Slots(PARTS_IN_FLIGHT);
  readonly #spare: Uint8Array<ArrayBuffer>[] = [];

  /** At this part's turn, resolves with the function that ends the turn; call it exactly once. */
  turn(): Promise<() => void> {
    return this.#slots.acquire();
  }

  /** A buffer for a part; its contents are meaningless. */
  take(bytes: number): Uint8Array<ArrayBuffer> {
    const spare = this.#spare.pop();
    return spare?.byteLength === bytes ? spare : new Uint8Array(bytes);
  }

  /** Takes back a whole buffer that nobody can be reading. */
  give(buffer: Uint8Array<ArrayBuffer>): void {
    this.#spare.push(buffer);
  }
}
