/** The archive channel: choosing it, how far the copies are, what has no copy. */
import { lookAtChat } from '../../bot/chat-health.ts';
import { type AdminContext, feature } from '../../bot/feature.ts';
import { Keyboard } from '../../bot/keyboard.ts';
import { pageOf } from '../../bot/pagination.ts';
import type { Screen } from '../../bot/show.ts';
import type { Answers } from '../../bot/step.ts';
import { answered } from '../../db/admin-questions.ts';
import {
  type ArchiveNumbers,
  archiveChannel,
  archiveNumbers,
  removeArchiveChannel,
  setArchiveChannel,
} from '../../db/archive.ts';
import { audit } from '../../db/audit-log.ts';
import { botIdentity } from '../../db/bot-identity.ts';
import { type MissingFile, missingFiles } from '../../db/missing-files.ts';
import { oldPosts } from '../../db/post-moves.ts';
import { moveProgress } from '../../db/relinking.ts';
import type { Texts } from '../../locales/index.ts';
import { cutText } from '../../text/html.ts';
import { titleFrom } from '../../text/search-text.ts';
import { chatNamedBy, lookUpChat } from './chat-lookup.ts';
import { asking, putQuestion, withNote } from './edit-screens.ts';
import { moveState } from './moving.ts';

const state = (now: Date) =>
  [archiveChannel(), archiveNumbers(now), botIdentity(), moveProgress(now), oldPosts()] as const;
type State = Answers<ReturnType<typeof state>>;

export const archiveFeature = feature('admins')
  .on('archive', { reads: (_, { now }) => state(now) }, (ctx, _, found) => archiveScreen(ctx, found))
  .on('archiveCheck', { reads: (_, { now }) => state(now) }, async (ctx, _, found) => {
    const [channel, ...rest] = found;
    if (channel === undefined) return archiveScreen(ctx, found);
    const use = { kind: 'archive', id: 1, chat: String(channel.chatId), name: channel.name } as const;
    const looked = await lookAtChat(ctx.services, { ...use, isBroken: channel.problem !== null });
    const [, after] = await ctx.turn.commit(looked.statements, archiveChannel());
    return archiveScreen(ctx, [after, ...rest]);
  })
  .on(
    'archiveMissing',
    { reads: ({ page }, { now }) => [missingFiles(page * PER_PAGE, PER_PAGE, 'lost'), archiveNumbers(now)] },
    ({ t }, { page }, [files, { missing, refused }]) => missingScreen(files, page, missing + refused, t),
  );

/** Where every file of the bot goes is the owners' choice. */
export const archiveOwnersFeature = feature('owners')
  .on('archiveAdd', (ctx) => putQuestion(ctx, 'archive', ctx.t.admin.archive.ask()))
  .answer('archive', async (ctx, message) => {
    const { archive, chats } = ctx.t.admin;
    const wanted = chatNamedBy(message);
    if (wanted === undefined) return asking(chats.notNamed(), ctx.t);
    const found = await lookUpChat(ctx.services, wanted, 'archive');
    if (!found.ok) return asking(chats.refused[found.why](found.name), ctx.t);
    const { chatId, name, username } = found.chat;
    if (username === null) return take(ctx, found.chat);
    const sure = { kind: 'archivePublic', chat: chatId } as const;
    return asking(archive.askPublic(name), ctx.t, new Keyboard().last(archive.yesPublic(), sure));
  })
  .on('archivePublic', async (ctx, { chat }) => {
    const found = await lookUpChat(ctx.services, chat, 'archive');
    return found.ok ? take(ctx, found.chat) : asking(ctx.t.admin.chats.refused[found.why](found.name), ctx.t);
  })
  .on('archiveOff', { reads: () => [archiveChannel()] }, async (ctx, { sure }, [channel]) => {
    const { archive, system } = ctx.t.admin;
    if (channel !== undefined && sure !== 1)
      return {
        text: archive.askRemove(channel.name),
        keyboard: new Keyboard()
          .button(archive.yesRemove(), { kind: 'archiveOff', sure: 1 })
          .button(system.no(), { kind: 'archive' }),
      };
    const { name = '—', chatId = 0 } = channel ?? {};
    const [, , ...after] = await ctx.turn.commit(
      removeArchiveChannel(),
      channel === undefined ? [] : audit(ctx.viewer.id, 'archive-removed', `${name} (${chatId})`, ctx.now),
      ...state(ctx.now),
    );
    return withNote(archive.removed(name), archiveScreen(ctx, after));
  });

async function take(
  ctx: AdminContext,
  { chatId, name }: { readonly chatId: number; readonly name: string },
): Promise<Screen> {
  const [, , , ...after] = await ctx.turn.commit(
    answered(ctx.viewer.id),
    setArchiveChannel({ chatId, name }, ctx.viewer.id, ctx.now),
    audit(ctx.viewer.id, 'archive-set', `${name} (${chatId})`, ctx.now),
    ...state(ctx.now),
  );
  return withNote(ctx.t.admin.archive.chosen(name), archiveScreen(ctx, after));
}

/** Lines of a message. */
const PER_PAGE = 20;

function archiveScreen(ctx: AdminContext, [channel, numbers, identity, progress, posts]: State): Screen {
  const { t, viewer } = ctx;
  const { archive, moving, system } = t.admin;
  const isOwner = viewer.role === 'owner';
  const keyboard = new Keyboard();
  if (channel !== undefined) keyboard.last(archive.refresh(), { kind: 'archiveCheck' });
  missingButton(keyboard, numbers, t);
  if (isOwner && identity?.movedFrom != null) {
    keyboard.button(moving.announce(), { kind: 'moveNews' });
    keyboard.last(moving.repost(posts), { kind: 'movePosts', sure: 0 });
  }
  if (isOwner && channel === undefined) keyboard.last(archive.add(), { kind: 'archiveAdd' });
  if (isOwner && channel !== undefined)
    keyboard
      .button(archive.replace(), { kind: 'archiveAdd' })
      .last(archive.remove(), { kind: 'archiveOff', sure: 0 });
  const problem = channel?.problem == null ? null : t.trouble(channel.problem);
  const text =
    channel === undefined ? archive.none() : archive.screen({ ...numbers, name: channel.name, problem });
  const move = moveState(identity, progress, t);
  const screen = { text, keyboard: keyboard.button(system.panel(), { kind: 'panel' }) };
  return move === undefined ? screen : withNote(move, screen);
}

function missingButton(keyboard: Keyboard, { missing, refused }: ArchiveNumbers, t: Texts): void {
  const lost = missing + refused;
  if (lost === 0) return;
  keyboard.last(t.admin.archive.missing(lost), { kind: 'archiveMissing', page: 0 });
}

function missingScreen(files: readonly MissingFile[], asked: number, missing: number, t: Texts): Screen {
  const { archive, system } = t.admin;
  const { page, pages, hasNext } = pageOf(asked, missing, PER_PAGE);
  const keyboard = new Keyboard()
    .pages(t, { page, hasNext }, (to) => ({ kind: 'archiveMissing', page: to }))
    .button(system.back(), { kind: 'archive' });
  const named = files.map(({ title, description, code, part, why, isKnown }) => ({
    title: cutText(titleFrom(title, description) ?? t.viewer.untitled(code), 100).text,
    code,
    part,
    byHand: why === 'refused' || !isKnown,
  }));
  return {
    text: named.length === 0 ? archive.nothingMissing() : archive.missingList(named, page + 1, pages),
    keyboard,
  };
}
