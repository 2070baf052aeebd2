/**
 * What a feature answers, action by action: whom it answers, what it reads, what it shows. The
 * router (router.ts) finds it by the kind of action.
 */
import type { Message } from 'grammy/types';
import type { Ask, Question } from '../db/admin-questions.ts';
import type { Texts } from '../locales/index.ts';
import type { Action } from './callback-data.ts';
import type { BotContext, Viewer } from './context.ts';
import type { Result } from './reply.ts';
import type { Answers, Questions, Who } from './step.ts';

type Kind = Action['kind'];
export type ActionOf<K extends Kind> = Extract<Action, { kind: K }>;

/** Whom a feature answers; for everybody else what it declares does not exist. */
type Whom = 'everybody' | 'admins' | 'owners';

export type AdminContext = BotContext & { readonly viewer: Viewer };

export function isFor(ctx: BotContext, whom: 'admins' | 'owners'): ctx is AdminContext;
export function isFor(ctx: BotContext, whom: Whom): boolean;
export function isFor({ viewer }: BotContext, whom: Whom): boolean {
  return whom === 'everybody' || viewer?.role === 'owner' || (viewer?.role === 'admin' && whom === 'admins');
}

type Handle<C, A, R> = (ctx: C, asked: A, answers: R) => Result | Promise<Result>;

type Gone = (t: Texts) => string;
/** Answers that are all there. */
type Found<Q extends Questions> = { readonly [I in keyof Q]: Exclude<Answers<Q>[I], undefined> };

interface Needs<A, Q extends Questions> {
  readonly reads: (asked: A, who: Who) => Q;
}

interface NeedsAll<A, Q extends Questions> extends Needs<A, Q> {
  /** Said in the handler's place when something of what is read is not there. */
  readonly gone: Gone;
}

/** One entry of the router's tables. Methods, so that every handler fits whatever it narrows. */
export interface Route {
  readonly whom: Whom;
  readonly gone?: Gone | undefined;
  reads(asked: unknown, who: Who): Questions;
  handle(ctx: BotContext, asked: unknown, answers: unknown): Result | Promise<Result>;
}

export function feature(whom: 'everybody'): Feature<BotContext>;
export function feature(whom: 'admins' | 'owners'): Feature<AdminContext>;
export function feature(whom: Whom): Feature<BotContext> {
  return new Feature(whom);
}

export class Feature<C extends BotContext = BotContext> {
  readonly actions = new Map<Kind, Route>();
  readonly commands = new Map<string, Route>();
  readonly questions = new Map<Question, Route>();
  readonly #whom: Whom;

  constructor(whom: Whom) {
    this.#whom = whom;
  }

  /** A wish, however it was uttered: pressed, typed as a command (asked.ts), a code, a name. */
  on<K extends Kind>(kinds: K | readonly K[], handle: Handle<C, ActionOf<K>, []>): this;
  on<K extends Kind, const Q extends Questions>(
    kinds: K | readonly K[],
    needs: NeedsAll<ActionOf<K>, Q>,
    handle: Handle<C, ActionOf<K>, Found<Q>>,
  ): this;
  on<K extends Kind, const Q extends Questions>(
    kinds: K | readonly K[],
    needs: Needs<ActionOf<K>, Q>,
    handle: Handle<C, ActionOf<K>, Answers<Q>>,
  ): this;
  on(kinds: Kind | readonly Kind[], ...rest: readonly unknown[]): this {
    for (const kind of [kinds].flat()) this.actions.set(kind, this.#route(rest));
    return this;
  }

  /** A command that is no other name of an action; `asked` is what follows it. */
  command(name: string, handle: Handle<C, string, []>): this;
  command<const Q extends Questions>(
    name: string,
    needs: Needs<string, Q>,
    handle: Handle<C, string, Answers<Q>>,
  ): this;
  command(name: string, ...rest: readonly unknown[]): this {
    this.commands.set(name, this.#route(rest));
    return this;
  }

  /** The next message after a question; it is never a command. */
  answer<Q extends Question>(
    questions: Q | readonly Q[],
    handle: Handle<C, Message, readonly [Ask & { readonly question: Q }]>,
  ): this {
    for (const question of [questions].flat()) this.questions.set(question, this.#route([handle]));
    return this;
  }

  #route(rest: readonly unknown[]): Route {
    const [needs, handle] = (rest.length > 1 ? rest : [NOTHING, rest[0]]) as [Route, Route['handle']];
    return { whom: this.#whom, gone: needs.gone, reads: needs.reads, handle };
  }
}

const NOTHING = { reads: (): Questions => [] };
