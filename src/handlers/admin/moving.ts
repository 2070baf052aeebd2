/** The move to another bot: how far it is, viewers out of reach, posts of the old one. */
import type { BotContext } from '../../bot/context.ts';
import { feature, isFor } from '../../bot/feature.ts';
import { Keyboard } from '../../bot/keyboard.ts';
import { type Stage, step } from '../../bot/step.ts';
import { fileOfMessage } from '../../bot/stored-file.ts';
import { auditIfChanged } from '../../db/audit-log.ts';
import { type BotIdentity, botIdentity } from '../../db/bot-identity.ts';
import { hasChanged } from '../../db/database.ts';
import { movePosts, oldPosts, postMoveCounts } from '../../db/post-moves.ts';
import { foreignFile, linkFile, type MoveProgress } from '../../db/relinking.ts';
import type { Texts } from '../../locales/index.ts';
import { cutText, type Html } from '../../text/html.ts';
import { titleFrom } from '../../text/search-text.ts';
import { withNote } from './edit-screens.ts';

export const movingFeature = feature('owners')
  .on('moveNews', (ctx) => {
    const { moving } = ctx.t.admin;
    const text = moving.announcement(ctx.me.username, `https://t.me/${ctx.me.username}`);
    return { ...withNote(moving.announceHint(), { text }), keyboard: back(ctx) };
  })
  .on(
    'movePosts',
    { reads: () => [oldPosts(), postMoveCounts(), botIdentity()] },
    async (ctx, { sure }, [count, counts, identity]) => {
      const { moving, system } = ctx.t.admin;
      if (count > 0 && sure !== 1)
        return {
          text: moving.askRepost(count, identity?.movedFrom ?? '?'),
          keyboard: new Keyboard()
            .button(moving.repostNow(), { kind: 'movePosts', sure: 1 })
            .button(system.no(), { kind: 'archive' }),
        };
      if (count === 0) {
        const isNone = counts.edited + counts.posted + counts.failed + counts.left === 0;
        return {
          text: isNone ? moving.nothingToRepost() : moving.reposting(counts),
          keyboard: back(ctx),
        };
      }
      const [, , after] = await ctx.turn.commit(
        movePosts(ctx.viewer.id),
        auditIfChanged(ctx.viewer.id, 'posts-moved', String(count), ctx.now),
        postMoveCounts(),
      );
      return { text: moving.reposting(after), keyboard: back(ctx) };
    },
  );

function back({ t }: BotContext): Keyboard {
  return new Keyboard().button(t.admin.system.back(), { kind: 'archive' });
}

/** A video or picture of another bot, sent by an admin: it becomes this bot's, whatever is open. */
export const foundFile: Stage = (incoming, who) => {
  const uniqueId = incoming.kind === 'attachment' ? incoming.uniqueId : undefined;
  if (!who.isPrivate || uniqueId === undefined) return undefined;
  return step([foreignFile(uniqueId)], async (ctx, [found], next) => {
    const file = ctx.message === undefined ? undefined : fileOfMessage(ctx.message);
    if (found === undefined || file === undefined || !isFor(ctx, 'admins')) return next();
    ctx.turn.handler = 'admin found file';
    const { code, part } = found;
    const title = cutText(titleFrom(found.title, found.description) ?? ctx.t.viewer.untitled(code), 256).text;
    const [linked] = await ctx.turn.commit(
      linkFile(uniqueId, file.fileId),
      auditIfChanged(ctx.viewer.id, 'file-linked', `${code} ${title}: ${part ?? '-'}`, ctx.now),
    );
    return hasChanged(linked.at(-1)) ? { text: ctx.t.admin.moving.linked(title, code, part) } : next();
  });
};

/** Undefined when no move is under way. */
export function moveState(
  identity: BotIdentity | undefined,
  progress: MoveProgress | undefined,
  { admin }: Texts,
): Html | undefined {
  if (identity?.move == null || progress === undefined) return undefined;
  return admin.moving.state(identity.move.from, progress);
}
