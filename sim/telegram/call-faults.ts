import { setImmediate as tick } from 'node:timers/promises';

/** What goes wrong with a call. */
export type Fault =
  | { kind: 'error'; status: number; description: string }
  | { kind: 'flood'; retryAfter: number }
  /** No answer until the caller gives up; the call has no effect. */
  | { kind: 'timeout' }
  /** The connection breaks before the call has any effect. */
  | { kind: 'drop' }
  /** The call takes effect, then the connection breaks: the answer is lost. */
  | { kind: 'lost' }
  /** The call takes effect, and no answer comes until the caller gives up. */
  | { kind: 'late' };

/** Decides for each call; undefined lets it pass. */
export type Chance = (method: string, params: Record<string, unknown>) => Fault | undefined;

/** Which calls a fault hits, and how often. */
export interface FaultRule {
  /** A method or several; left out, all. Matched without regard to case. */
  method?: string | readonly string[];
  /** Only calls about this chat. */
  chat?: number;
  /** Only calls this says yes to. */
  when?: (params: Record<string, unknown>) => boolean;
  /** Let this many matching calls pass first. */
  after?: number;
  /** How many calls to hit. Default 1; Infinity for all. */
  times?: number;
  fault: Fault | Chance;
}

/** A rule in force: its count of hits, and a way to revoke it. */
export interface Script {
  readonly hits: number;
  remove(): void;
}

/** The rules in force; the first that matches decides. */
export class Faults {
  #rules: { rule: FaultRule; seen: number; hits: number }[] = [];

  add(rule: FaultRule): Script {
    const entry = { rule, seen: 0, hits: 0 };
    this.#rules.push(entry);
    return {
      get hits() {
        return entry.hits;
      },
      remove: () => {
        this.#rules = this.#rules.filter((other) => other !== entry);
      },
    };
  }

  take(method: string, params: Record<string, unknown>): Fault | undefined {
    for (const entry of this.#rules) {
      if (!matches(entry.rule, method, params) || entry.hits >= (entry.rule.times ?? 1)) continue;
      entry.seen += 1;
      if (entry.seen <= (entry.rule.after ?? 0)) continue;
      const { fault } = entry.rule;
      const decided = typeof fault === 'function' ? fault(method, params) : fault;
      if (decided === undefined) continue;
      entry.hits += 1;
      return decided;
    }
    return undefined;
  }
}

function matches({ method, chat, when }: FaultRule, name: string, params: Record<string, unknown>): boolean {
  const names = method === undefined ? undefined : typeof method === 'string' ? [method] : method;
  if (names && !names.some((wanted) => wanted.toLowerCase() === name.toLowerCase())) return false;
  if (chat !== undefined && Number(params['chat_id']) !== chat) return false;
  return when?.(params) ?? true;
}

/** Resolves when the caller has hung up. */
export async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return await tick();
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
