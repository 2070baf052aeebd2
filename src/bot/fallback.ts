/** Answers what nobody else did. The last stage. */
import { type Stage, step } from './step.ts';

export const fallback: Stage = (incoming, { isPrivate }) => {
  const isPress = incoming.kind === 'press';
  if (!isPress && (!isPrivate || incoming.kind === 'other')) return undefined;
  return step([], async ({ t, turn, viewer }) => {
    turn.handler = 'fallback';
    if (isPress) return incoming.action?.kind === 'label' ? {} : { alert: t.frame.staleButton() };
    if (incoming.kind === 'command' && viewer?.role !== undefined) return { text: t.frame.unknownCommand() };
    // A code that no anime can have.
    return { text: incoming.kind === 'code' ? t.viewer.badCode() : t.frame.notUnderstood() };
  });
};
