import type { Args } from '../args.ts';
import type { Flood } from '../flood.ts';
import type { Receiver } from '../receiver.ts';
import type { World } from '../world.ts';

/** What a Bot API method works with. */
export interface Context {
  readonly world: World;
  readonly args: Args;
  /** Flood limits, when the stand-in enforces them. */
  readonly flood: Flood | undefined;
  readonly receiver: Receiver;
  /** Aborted when the caller hangs up; long polling listens to it. */
  readonly signal: AbortSignal;
}

/** A method returns the `result` of its answer, or throws an ApiError. */
export type Method = (context: Context) => unknown;
