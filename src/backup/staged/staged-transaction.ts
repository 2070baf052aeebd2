/**
 * Many rows into a living database, all or nothing: they are staged in tables of their own, in as
 * many requests as it takes, and one transaction brings them in. Until its COMMIT everybody reads
 * the old data. A restore into a server and an import work this way.
 *
 * The control table says whose the staged tables are. Every request checks it in its own
 * transaction, so a process that stalled while another began changes nothing any more. The last
 * transaction marks the control table: where its answer is lost, the mark tells.
 */
import { retry, SQL_AT_ONCE } from '../../lib/retry.ts';
import { quoteName } from '../../lib/sql-tokens.ts';
import { sqlLiteral } from '../model/sql-literal.ts';

export type StagedKind = 'restore' | 'import';

const PREFIX: Readonly<Record<StagedKind, string>> = { restore: 'restoring', import: 'importing' };

/**
 * Names of staged tables and of their control tables: no backup counts them, and the next attempt
 * removes them.
 */
export function isStaging(name: string): boolean {
  return /^(restoring|importing)_(\d+(_\d+)?|control|[a-z_]+)$/.test(name);
}

export function controlTable(kind: StagedKind): string {
  return `${PREFIX[kind]}_control`;
}

/** The database as this protocol needs it. `R` is what a transaction answers. */
export interface StagedSite<R> {
  /** Where the staged tables are: `main`, or the name of an attached file. */
  readonly schema: string;
  /** Statements that may be run twice, outside any transaction or in one. */
  run(statements: readonly string[]): Promise<void>;
  /** One transaction that writes staged tables alone. */
  load(statements: readonly string[]): Promise<void>;
  /** One transaction, sent once: nothing else comes between its statements. */
  atomically(statements: readonly string[]): Promise<R>;
  /** The value of a scalar query, as text; undefined where it has no row. */
  value(query: string): Promise<string | undefined>;
  /** The database itself refused a statement: nothing of the transaction happened. */
  isRefusal(error: unknown): boolean;
  /** The same transaction may go through a moment later. */
  isPassing(error: unknown): boolean;
}

export type Outcome<R> =
  /** `answer` is undefined where it was lost. */
  | { readonly kind: 'committed'; readonly answer: R | undefined }
  | { readonly kind: 'rolled back'; readonly cause: unknown }
  /** `failure` is what kept this process from finding out. */
  | { readonly kind: 'unknown'; readonly cause: unknown; readonly failure: unknown };

export interface StagedTransaction<R> {
  /**
   * SQL that fails unless the staged tables are still ours; for reads, which this protocol does not
   * make.
   */
  readonly guard: string;
  /** Makes the staged tables; their names are remembered. Comes first. */
  create(tables: readonly string[], statements: readonly string[]): Promise<void>;
  load(statements: readonly string[]): Promise<void>;
  /** Runs the statements and drops the staged tables; the control table stays for {@link end}. */
  commit(statements: readonly string[]): Promise<Outcome<R>>;
  /** The error of an attempt that another took over, or the error as it is. */
  explained(error: unknown): unknown;
  /** Removes what is still ours. What it cannot remove, the next attempt removes. */
  end(): Promise<void>;
}

export interface StagedOptions {
  readonly kind: StagedKind;
  /** Names this attempt. */
  readonly id: string;
  /** The error when another attempt has begun since. */
  readonly superseded: (cause: unknown) => Error;
}

/** What the mark says. */
const WAITING = 0;
const COMMITTED = 1;
const GIVEN_UP = -1;

/**
 * Begins an attempt; whatever an earlier one left is removed, and an earlier one that is still at
 * work stops.
 */
export async function stage<R>(site: StagedSite<R>, options: StagedOptions): Promise<StagedTransaction<R>> {
  await clearStaged(site, options.kind);
  return new Attempt(site, options);
}

class Attempt<R> implements StagedTransaction<R> {
  readonly guard: string;
  readonly #site: StagedSite<R>;
  readonly #options: StagedOptions;
  readonly #control: string;
  /** Where its row is. */
  readonly #own: string;
  readonly #since: string;
  readonly #waiting: string;
  #staged: readonly string[] = [];

  constructor(site: StagedSite<R>, options: StagedOptions) {
    const { kind, id } = options;
    this.#site = site;
    this.#options = options;
    this.#control = controlTable(kind);
    this.#own = `FROM ${this.#control} WHERE id = ${sqlLiteral(id)}`;
    this.#since = `another ${kind} has begun since`;
    this.guard = guard(`(SELECT count(*) ${this.#own}) = 1`, this.#since);
    this.#waiting = guard(
      `(SELECT count(*) ${this.#own} AND state = ${WAITING}) = 1`,
      `it is done or given up, or ${this.#since}`,
    );
  }

  async create(tables: readonly string[], statements: readonly string[]): Promise<void> {
    const { id, superseded } = this.#options;
    const control = this.#control;
    this.#staged = tables;
    await this.#load([
      `CREATE TABLE IF NOT EXISTS ${this.#place(control)} (id TEXT PRIMARY KEY, state INTEGER NOT NULL DEFAULT ${WAITING})`,
      `INSERT INTO ${control} (id) SELECT ${sqlLiteral(id)} WHERE NOT EXISTS (SELECT 1 FROM ${control})`,
      this.guard,
      ...statements,
    ]);
    // Of two that begin at the same moment one is first; and a server that only says yes has no
    // such table.
    if ((await this.#site.value(`SELECT id FROM ${control}`)) !== id) throw superseded(undefined);
  }

  async load(statements: readonly string[]): Promise<void> {
    await this.#load([this.guard, ...statements]);
  }

  async commit(statements: readonly string[]): Promise<Outcome<R>> {
    const marked = [this.#waiting, ...statements, ...this.#drops(), this.#mark(COMMITTED)];
    let isCertain = true;
    try {
      const answer = await this.#insist(() =>
        this.#site.atomically(marked).catch((error: unknown) => {
          // Once an answer is lost, that request may be the one that went through.
          isCertain &&= this.#site.isRefusal(error);
          throw error;
        }),
      );
      return { kind: 'committed', answer };
    } catch (cause) {
      if (!isCertain) return this.#giveUp(cause);
      const why = this.explained(cause);
      if (why !== cause) throw why;
      return { kind: 'rolled back', cause };
    }
  }

  /** By the guard's words; or the other attempt has cleared our tables away. */
  explained(error: unknown): unknown {
    const { kind, superseded } = this.#options;
    const said = error instanceof Error ? error.message : '';
    return said.includes(this.#since) || said.includes(`no such table: ${PREFIX[kind]}_`)
      ? superseded(error)
      : error;
  }

  async end(): Promise<void> {
    const statements = [this.guard, ...this.#drops(), `DROP TABLE ${this.#control}`];
    await this.#site.load(statements).catch(() => undefined);
  }

  /** Gives up by a write, which comes after every request that is still on its way. */
  async #giveUp(cause: unknown): Promise<Outcome<R>> {
    const failure = await this.#insist(() =>
      this.#site.atomically([this.#waiting, this.#mark(GIVEN_UP)]),
    ).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (failure === undefined) return { kind: 'rolled back', cause };
    const state = await this.#site.value(`SELECT state ${this.#own}`).catch(() => undefined);
    if (state === String(COMMITTED)) return { kind: 'committed', answer: undefined };
    // By a request whose answer was lost.
    if (state === String(GIVEN_UP)) return { kind: 'rolled back', cause };
    return { kind: 'unknown', cause, failure };
  }

  #insist<T>(request: () => Promise<T>): Promise<T> {
    return retry(SQL_AT_ONCE, { isPassing: (error) => this.#site.isPassing(error) }, request);
  }

  async #load(statements: readonly string[]): Promise<void> {
    await this.#site.load(statements).catch((error: unknown) => {
      throw this.explained(error);
    });
  }

  #mark(state: number): string {
    return `UPDATE ${this.#control} SET state = ${state} WHERE id = ${sqlLiteral(this.#options.id)}`;
  }

  #place(name: string): string {
    const { schema } = this.#site;
    return schema === 'main' ? name : `${schema}.${name}`;
  }

  #drops(): string[] {
    return this.#staged.map((name) => `DROP TABLE IF EXISTS ${this.#place(name)}`);
  }
}

/**
 * Removes what a dead attempt left. A restore, which replaces everything, removes an import's
 * tables too. The control tables go first: without them a stalled attempt can do nothing.
 */
export async function clearStaged<R>(site: StagedSite<R>, kind: StagedKind): Promise<void> {
  const names: unknown = JSON.parse(
    (await site.value("SELECT json_group_array(name) FROM sqlite_schema WHERE type = 'table'")) ?? '[]',
  );
  const left = (Array.isArray(names) ? names.map(String) : [])
    .filter((name) => isStaging(name) && (kind === 'restore' || name.startsWith(PREFIX[kind])))
    .toSorted((a, b) => Number(b.endsWith('_control')) - Number(a.endsWith('_control')));
  if (left.length > 0) await site.run(left.map((name) => `DROP TABLE IF EXISTS ${quoteName(name)}`));
}

/**
 * SQL that fails its transaction unless the condition holds: a bad JSON path is the one error of a
 * SELECT that carries words.
 */
export function guard(condition: string, message: string): string {
  return `SELECT json_extract('{}', iif(${condition}, '$', '${message.replaceAll("'", "''")}'))`;
}
