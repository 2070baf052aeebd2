/** Answers what nobody else did. The last stage. */
import { type Stage, step } from './step.ts';

export const fallback: Stage = (incoming, { isPrivate }) => {
  if (incoming.kind === 'press')
    return step([], async (ctx) => {
      ctx.turn.handler = 'fallback';
      return incoming.action?.kind === 'label' ? {} : { alert: ctx.t.frame.staleButton() };
    });
  if (!isPrivate || incoming.kind === 'other') return undefined;
  return step([], async (ctx) => {
    ctx.turn.handler = 'fallback';
    return { text: ctx.t.frame.notUnderstood() };
  });
};
