import { ApiError, tooManyRequests } from './api-errors.ts';
import type { Args } from './args.ts';
import { type Fault, type Faults, untilAborted } from './call-faults.ts';
import type { Flood } from './flood.ts';
import { findMethod } from './methods/find-method.ts';
import type { Receiver } from './receiver.ts';
import type { World } from './world.ts';

/** One call of the bot. */
export interface ApiCall {
  readonly method: string;
  readonly params: Record<string, unknown>;
  readonly at: Date;
  /** HTTP status; 0 while unanswered, or when the answer never went out. */
  status: number;
  /** `result` of a success, `description` of a refusal. */
  answer: unknown;
}

/** What goes back to the caller: an answer, or a broken connection. */
export type Outcome = { status: number; body: Record<string, unknown> } | 'drop';

export interface ApiOptions {
  world: World;
  receiver: Receiver;
  faults: Faults;
  flood: Flood | undefined;
}

/** The Bot API without its HTTP: finds the method, applies faults, logs the call. */
export class Api {
  readonly #options: ApiOptions;
  readonly calls: ApiCall[] = [];

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  async call(name: string, args: Args, signal: AbortSignal): Promise<Outcome> {
    const found = findMethod(name);
    const call: ApiCall = {
      method: found?.name ?? name,
      params: args.toLog(),
      at: this.#options.world.clock(),
      status: 0,
      answer: undefined,
    };
    // A long poll is no call worth counting.
    if (call.method !== 'getUpdates') this.calls.push(call);
    const fault = this.#options.faults.take(call.method, call.params);
    if (fault?.kind === 'timeout') await untilAborted(signal);
    if (fault?.kind === 'timeout' || fault?.kind === 'drop') return 'drop';
    const answer = await this.#answer(found, args, signal, fault);
    call.answer = answer.body['ok'] === true ? answer.body['result'] : answer.body['description'];
    if (fault?.kind === 'late') await untilAborted(signal);
    if (fault?.kind === 'lost' || fault?.kind === 'late') return 'drop';
    call.status = answer.status;
    return answer;
  }

  async #answer(
    found: ReturnType<typeof findMethod>,
    args: Args,
    signal: AbortSignal,
    fault: Fault | undefined,
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    try {
      if (found === undefined) throw new ApiError(404, 'Not Found: method not found');
      if (fault?.kind === 'flood') throw tooManyRequests(fault.retryAfter);
      if (fault?.kind === 'error') throw new ApiError(fault.status, fault.description);
      const { world, receiver, flood } = this.#options;
      const result = await found.method({ world, args, receiver, flood, signal });
      // Answers are written out at once: later edits must not change what the bot was told.
      return { status: 200, body: { ok: true, result: structuredClone(result) } };
    } catch (cause) {
      if (!(cause instanceof ApiError)) throw cause;
      return { status: cause.status, body: errorBody(cause) };
    }
  }
}

export function errorBody({ status, message, parameters }: ApiError): Record<string, unknown> {
  return { ok: false, error_code: status, description: message, ...(parameters ? { parameters } : {}) };
}
