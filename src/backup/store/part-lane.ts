/** What the uploads of one run share: the turns to send a part, and the buffers of parts that have been sent. */
import { Slots } from '../../lib/slots.ts';

/** A part is 5 MiB, and `fetch` makes two copies of it: one at a time is quick enough, and what a Worker can hold. */
const PARTS_IN_FLIGHT = 1;

/** Never shared by requests: a turn that a request took which workerd cancelled is not given back, and must keep nobody else waiting. */
export class PartLane {
  readonly #slots = new Slots(PARTS_IN_FLIGHT);
  readonly #spare: Uint8Array<ArrayBuffer>[] = [];

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
