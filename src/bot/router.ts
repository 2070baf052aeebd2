/** From what an update asks for to the one route that answers it, by lookup. */
import { openAsk } from '../db/admin-questions.ts';
import type { Action } from './callback-data.ts';
import { type Feature, isFor, type Route } from './feature.ts';
import { type Incoming, isContent } from './incoming.ts';
import { type Stage, type Step, step } from './step.ts';

/**
 * The stage of some features; what they answer happens in private chats.
 * @param wishOf the action behind an update
 * @throws Error when two of them answer the same
 */
export function router(
  features: readonly Pick<Feature, 'actions' | 'commands' | 'questions'>[],
  wishOf: (incoming: Incoming) => Action | undefined,
): Stage {
  const actions = merge(features.map((feature) => feature.actions));
  const commands = merge(features.map((feature) => feature.commands));
  const questions = merge(features.map((feature) => feature.questions));

  return (incoming, who) => {
    if (!who.isPrivate) return undefined;
    const action = wishOf(incoming);
    const wished = action === undefined ? undefined : actions.get(action.kind);
    if (incoming.kind === 'command') {
      const { name, argument } = incoming;
      const typed = commands.get(name);
      // `/users` is a button's other name; `/users 12` is not.
      if (typed !== undefined && (argument !== '' || wished === undefined))
        return stepOf(typed, name, argument);
      return wished && stepOf(wished, name, action);
    }
    if (wished !== undefined) return stepOf(wished, action?.kind ?? '', action);
    return questions.size > 0 && isContent(incoming) ? answerStep() : undefined;

    function stepOf(route: Route, name: string, asked: unknown): Step {
      return step(route.reads(asked, who), async (ctx, answers, next) => {
        if (!isFor(ctx, route.whom)) return next();
        ctx.turn.handler = nameOf(route, name);
        if (route.gone !== undefined && answers.includes(undefined)) return { alert: route.gone(ctx.t) };
        return route.handle(ctx, asked, answers);
      });
    }

    function answerStep(): Step {
      return step([openAsk(who.id)], async (ctx, [ask], next) => {
        const route = ask && questions.get(ask.question);
        if (route === undefined || !isFor(ctx, route.whom)) return next();
        ctx.turn.handler = nameOf(route, `answer ${ask?.question}`);
        return route.handle(ctx, ctx.message, [ask]);
      });
    }
  };
}

/** For the log line. */
function nameOf({ whom }: Route, name: string): string {
  return whom === 'everybody' ? name : `admin ${name}`;
}

function merge<K extends string>(maps: readonly ReadonlyMap<K, Route>[]): ReadonlyMap<string, Route> {
  const entries = maps.flatMap((map) => [...map]);
  const merged = new Map<string, Route>(entries);
  if (merged.size < entries.length) throw new Error('two features answer the same');
  return merged;
}
