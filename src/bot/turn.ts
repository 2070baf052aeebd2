/**
 * One update's turn: what was read for it in one batch, and what it will write in one batch together with the mark that it was handled
 * (docs/architecture.md, "The way of one update").
 */
import {
  ConstraintFailed,
  type Database,
  type Query,
  type Statement,
  type WriteResult,
} from '../db/database.ts';
import type { Incoming } from './incoming.ts';

/** A question a feature wants answered in the turn's one read batch, if the update asks for it. */
export interface Prefetch<T> {
  readonly query: (
    incoming: Incoming,
    viewer: { readonly userId: number | undefined; readonly now: Date },
  ) => Query<T> | undefined;
}

export function prefetch<T>(query: Prefetch<T>['query']): Prefetch<T> {
  return { query };
}

/** Another delivery of the same update was quicker: nothing of this one was written. */
export class AlreadyHandled extends Error {
  override readonly name = 'AlreadyHandled';
}

export class Turn {
  /** For the log line: which feature answered. */
  handler = 'none';
  readonly #db: Database;
  readonly #answers: ReadonlyMap<Prefetch<unknown>, unknown>;
  readonly #staged: Statement[];
  #committed = false;

  constructor(options: {
    readonly db: Database;
    readonly answers: ReadonlyMap<Prefetch<unknown>, unknown>;
    /** The mark that the update was handled, and whatever else every turn writes. */
    readonly mark: readonly Statement[];
  }) {
    this.#db = options.db;
    this.#answers = options.answers;
    this.#staged = [...options.mark];
  }

  /** The prefetched answer, or undefined when this update did not ask for it. */
  got<T>(question: Prefetch<T>): T | undefined {
    return this.#answers.get(question) as T | undefined;
  }

  /** Written at the end of the turn, with the mark. For effects nobody is told about: views, last_seen. */
  stage(...statements: readonly Statement[]): void {
    this.#staged.push(...statements);
  }

  /**
   * Writes now, with everything staged and the mark, in one transaction: call it before saying that something was saved.
   * A second commit in one turn writes only what it is given.
   * @throws AlreadyHandled when another delivery of this update was quicker; ConstraintFailed when a statement was refused
   * (nothing was written, the turn can still answer); DatabaseUnavailable.
   */
  async commit(...statements: readonly Statement[]): Promise<readonly WriteResult[]> {
    const staged = this.#staged.splice(0);
    try {
      const results = await this.#db.write([...staged, ...statements]);
      this.#committed = true;
      return results.slice(staged.length);
    } catch (error) {
      if (error instanceof ConstraintFailed && error.constraint.includes('handled_updates.update_id'))
        throw new AlreadyHandled('update was handled by another delivery', { cause: error });
      this.#staged.unshift(...staged);
      throw error;
    }
  }

  /** Its mark is written: another delivery would change nothing. */
  get isCommitted(): boolean {
    return this.#committed;
  }

  /** Ends the turn: writes what is left. */
  async finish(): Promise<void> {
    if (this.#staged.length > 0 || !this.#committed) await this.commit();
  }
}
