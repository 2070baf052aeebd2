/**
 * One update's turn: what was read for it in one batch, and what it will write in one batch
 * together with the mark that it was handled (docs/architecture.md, "The way of one update").
 */
import {
  ConstraintFailed,
  type Database,
  type Query,
  type Statement,
  type WriteResult,
} from '../db/database.ts';

/**
 * What a commit gives back for each thing it was given: an answer, or what a statement returned.
 */
type Written<S> = S extends Query<infer T> ? T : S extends Statement ? WriteResult : readonly WriteResult[];

/** Another delivery of the same update was quicker: nothing of this one was written. */
export class AlreadyHandled extends Error {
  override readonly name = 'AlreadyHandled';
}

export class Turn {
  /** For the log line: which feature answered. */
  handler = 'none';
  readonly #db: Database;
  readonly #staged: Statement[];
  #committed = false;

  constructor(options: {
    readonly db: Database;
    /** The mark that the update was handled, and whatever else every turn writes. */
    readonly mark: readonly Statement[];
  }) {
    this.#db = options.db;
    this.#staged = [...options.mark];
  }

  /**
   * Written at the end of the turn, with the mark. For effects nobody is told about: views,
   * last_seen.
   */
  stage(...statements: readonly Statement[]): void {
    this.#staged.push(...statements);
  }

  /**
   * Writes now, with everything staged and the mark, in one transaction: call it before saying that
   * something was saved. A second commit in one turn writes only what it is given. Queries are
   * answered where they stand among the statements.
   * @throws AlreadyHandled when another delivery of this update was quicker; ConstraintFailed when
   * a statement was refused (nothing was written, the turn can still answer); DatabaseUnavailable.
   */
  async commit<const S extends readonly (Statement | readonly Statement[])[]>(
    ...given: S
  ): Promise<{ readonly [K in keyof S]: Written<S[K]> }> {
    const staged = this.#staged.splice(0);
    try {
      const results = await this.#db.write([...staged, ...given.flat()]);
      this.#committed = true;
      let i = staged.length;
      const take = (): WriteResult => results[i++] ?? { rows: [] };
      return given.map((one) => {
        if (!('sql' in one)) return one.map(take);
        const result = take();
        return 'parse' in one ? (one as Query<unknown>).parse(result.rows) : result;
      }) as { readonly [K in keyof S]: Written<S[K]> };
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
