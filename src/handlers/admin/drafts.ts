/** Buttons and commands of drafts: begin, wait, go on, throw away, and every step of the wizard. */
import { InlineKeyboard } from 'grammy';
import { encodeAction } from '../../bot/callback-data.ts';
import type { BotContext, Viewer } from '../../bot/context.ts';
import type { Feature } from '../../bot/feature.ts';
import { type Screen, show } from '../../bot/show.ts';
import { prefetch } from '../../bot/turn.ts';
import { answered } from '../../db/asks.ts';
import { dropUnsent } from '../../db/broadcasts.ts';
import { hasChanged, type Statement } from '../../db/database.ts';
import { dropLastPart } from '../../db/draft-parts.ts';
import {
  beginAnime,
  beginParts,
  changeStep,
  chooseGroup,
  closeOpen,
  type Draft,
  detour,
  draftById,
  draftsOf,
  dropDraft,
  openDraft,
  reopen,
  STEPS,
  type Step,
  type WaitingDraft,
} from '../../db/drafts.ts';
import type { Texts } from '../../locales/index.ts';
import { cutText, type Html } from '../../text/html.ts';
import { takeCode } from './draft-intake.ts';
import { draftScreen, draftTitle, resumeButtons } from './draft-screens.ts';
import { publishDraft } from './publish.ts';
import { AdminRoutes, askedQuestion, whenAsked, whenPressed } from './routes.ts';

const BUTTONS = [
  'draftOpen',
  'draftPause',
  'draftDrop',
  'draftDone',
  'draftUndo',
  'draftStep',
  'draftCode',
  'draftGroup',
  'draftGroupsDone',
  'draftPublish',
] as const;

/** The draft a button names; only its own admin's. */
const pressedDraft = whenPressed(BUTTONS, (action, userId) => draftById(action.draft, userId));
const cancelled = prefetch((incoming, { userId }) =>
  userId !== undefined && incoming.kind === 'command' && incoming.name === 'cancel'
    ? openDraft(userId)
    : undefined,
);
const waiting = whenAsked('drafts', ['drafts'], draftsOf);

const routes = new AdminRoutes()
  .command('add', (ctx, admin) => begin(ctx, admin))
  .press('draftNew', (ctx, admin) => begin(ctx, admin))
  .press('partsAdd', (ctx, admin, { id }) => beginMore(ctx, admin, id))
  .command('cancel', (ctx, admin) => cancel(ctx, admin))
  .press('drop', (ctx, admin) => dropQuestion(ctx, admin))
  .command('drafts', (ctx) => show(ctx, listScreen(ctx.turn.got(waiting) ?? [], ctx.t)))
  .press('drafts', async (ctx) => {
    await Promise.all([ctx.answerPress(), show(ctx, listScreen(ctx.turn.got(waiting) ?? [], ctx.t))]);
  })
  .press('draftOpen', (ctx, admin) =>
    withDraft(ctx, (draft) => save(ctx, draft, [...closeOpen(admin.id), reopen(draft, ctx.now)])),
  )
  .press('draftPause', (ctx, admin) =>
    withDraft(ctx, async (draft) => {
      await ctx.turn.commit(...(draft.isOpen ? closeOpen(admin.id) : []));
      await Promise.all([ctx.answerPress(), show(ctx, pausedScreen(draft, ctx.t))]);
    }),
  )
  .press('draftDrop', (ctx, _admin, { sure }) =>
    withDraft(ctx, async (draft) => {
      const left = draftsOf(draft.userId);
      const results = sure === 1 ? await ctx.turn.commit(dropDraft(draft), left) : [];
      const hasMore = left.parse(results.at(-1)?.rows ?? []).length > 0;
      const screen =
        sure === 1
          ? { text: ctx.t.admin.draft.dropped(), keyboard: afterwards(hasMore, ctx.t) }
          : askDrop(draft, ctx.t);
      await Promise.all([ctx.answerPress(), show(ctx, screen)]);
    }),
  )
  .press('draftDone', (ctx, admin, { version }) =>
    withDraft(ctx, (draft) => {
      if (draft.kind === 'anime')
        return save(ctx, draft, [changeStep({ ...draft, version }, { step: 'code' }, ctx.now)], version);
      if (draft.parts > 0) return publishDraft(ctx, admin, { ...draft, version });
      return ctx.answerPress(ctx.t.admin.draft.noPartsYet(), { alert: true });
    }),
  )
  .press('draftUndo', (ctx) =>
    withDraft(ctx, (draft) =>
      save(ctx, draft, [dropLastPart(draft)], undefined, ctx.t.admin.draft.partGone()),
    ),
  )
  .press('draftStep', (ctx, _admin, { version, step }) =>
    withDraft(ctx, (draft) => {
      const to: Step = STEPS[step] ?? 'description';
      const backTo = draft.step === 'preview' ? 'preview' : null;
      return save(ctx, draft, [detour({ ...draft, version }, to, backTo, ctx.now)], version);
    }),
  )
  .press('draftCode', (ctx, admin, { version, code }) =>
    withDraft(ctx, async (draft) => {
      if (version !== draft.version || draft.step !== 'code') return save(ctx, draft, [], version);
      await Promise.all([ctx.answerPress(), takeCode(ctx, admin, draft, code)]);
    }),
  )
  .press('draftGroup', (ctx, _admin, { group, on }) =>
    withDraft(ctx, (draft) => save(ctx, draft, [chooseGroup(draft, group, on === 1)])),
  )
  .press('draftGroupsDone', (ctx, _admin, { version }) =>
    withDraft(ctx, (draft) =>
      save(
        ctx,
        draft,
        draft.step === 'groups' ? [changeStep({ ...draft, version }, { step: 'preview' }, ctx.now)] : [],
        version,
      ),
    ),
  )
  .press('draftPublish', (ctx, admin, { version }) =>
    withDraft(ctx, (draft) =>
      draft.step === 'preview' && version === draft.version
        ? publishDraft(ctx, admin, draft)
        : save(ctx, draft, [], version),
    ),
  );

export const draftsFeature: Feature = {
  name: 'admin drafts',
  composer: routes.composer,
  prefetches: [pressedDraft, cancelled, waiting, askedQuestion],
};

async function withDraft(ctx: BotContext, act: (draft: Draft) => Promise<unknown>): Promise<unknown> {
  const draft = ctx.turn.got(pressedDraft);
  return draft === undefined ? ctx.answerPress(ctx.t.admin.draft.gone(), { alert: true }) : act(draft);
}

/**
 * Writes, reads the draft as it is now in the same batch, and shows that: a button of an earlier step changes nothing and shows the truth.
 * @param version what the button was made for
 */
async function save(
  ctx: BotContext,
  draft: Draft,
  statements: readonly Statement[],
  version?: number,
  said?: string,
): Promise<void> {
  const question = draftById(draft.id, draft.userId);
  const results = await ctx.turn.commit(...statements, question);
  const after = question.parse(results.at(-1)?.rows ?? []);
  if (after === undefined) return ctx.answerPress(ctx.t.admin.draft.gone(), { alert: true });
  const isStale = version !== undefined && version !== draft.version;
  // The status message may stand far above the parts sent since: the next step belongs below them.
  const isNew = (ctx.callbackQuery?.message?.message_id ?? 0) < (after.lastPartMessage ?? 0);
  await Promise.all([
    ctx.answerPress(isStale ? ctx.t.admin.draft.moved() : said),
    show(ctx, draftScreen(after, ctx.t), { isNew }),
  ]);
}

async function begin(ctx: BotContext, admin: Viewer): Promise<void> {
  const question = openDraft(admin.id);
  const results = await ctx.turn.commit(...closeOpen(admin.id), beginAnime(admin.id, ctx.now), question);
  await open(ctx, question.parse(results.at(-1)?.rows ?? []));
}

async function beginMore(ctx: BotContext, admin: Viewer, animeId: number): Promise<void> {
  const question = openDraft(admin.id);
  const results = await ctx.turn.commit(
    ...closeOpen(admin.id),
    beginParts(admin.id, animeId, ctx.now),
    question,
  );
  await open(ctx, question.parse(results.at(-1)?.rows ?? []));
}

async function open(ctx: BotContext, draft: Draft | undefined): Promise<void> {
  const screen = draft === undefined ? { text: ctx.t.admin.draft.animeGone() } : draftScreen(draft, ctx.t);
  await Promise.all([ctx.answerPress(), show(ctx, screen)]);
}

/** Leaves whatever is going on. A draft waits with all that was sent; a question is forgotten. */
async function cancel(ctx: BotContext, admin: Viewer): Promise<void> {
  const draft = ctx.turn.got(cancelled);
  const asked = ctx.turn.got(askedQuestion);
  const isSending = draft === undefined && (asked === undefined || asked.question === 'broadcast');
  const results = await ctx.turn.commit(
    ...(asked === undefined ? closeOpen(admin.id) : answered(admin.id)),
    ...(isSending ? [dropUnsent(admin.id, ctx.now)] : []),
  );
  if (draft !== undefined) return show(ctx, pausedScreen(draft, ctx.t));
  const isDone = asked !== undefined || (isSending && hasChanged(results.at(-1)));
  const { cancelled: done, nothingToCancel } = ctx.t.admin.draft;
  await show(ctx, { text: isDone ? done() : nothingToCancel(), keyboard: panelButton(ctx.t) });
}

async function dropQuestion(ctx: BotContext, admin: Viewer): Promise<void> {
  await ctx.turn.commit(...answered(admin.id));
  await Promise.all([
    ctx.answerPress(),
    show(ctx, { text: ctx.t.admin.draft.cancelled(), keyboard: panelButton(ctx.t) }),
  ]);
}

function pausedScreen(draft: Draft, t: Texts): Screen {
  return {
    text: t.admin.draft.paused(draftTitle(draft, t), draft.parts),
    keyboard: resumeButtons(draft.id, t)
      .row()
      .text(t.admin.draft.addAnother(), encodeAction({ kind: 'draftNew' }))
      .row()
      .text(t.admin.system.panel(), encodeAction({ kind: 'panel' })),
  };
}

function askDrop(draft: Draft, t: Texts): Screen {
  const { draft: texts } = t.admin;
  return {
    text: texts.askDrop(draftTitle(draft, t), draft.parts),
    keyboard: new InlineKeyboard()
      .text(texts.yesDrop(), encodeAction({ kind: 'draftDrop', draft: draft.id, sure: 1 }))
      .text(texts.no(), encodeAction({ kind: 'draftOpen', draft: draft.id })),
  };
}

function listScreen(drafts: readonly WaitingDraft[], t: Texts): Screen {
  const { draft: texts } = t.admin;
  const keyboard = new InlineKeyboard();
  for (const draft of drafts) {
    const title = cutText(draft.title ?? texts.untitled(), 40).text;
    keyboard
      .text(
        texts.listed(title, draft.parts, draft.isOpen),
        encodeAction({ kind: 'draftOpen', draft: draft.id }),
      )
      .row();
  }
  const text: Html = drafts.length === 0 ? texts.noDrafts() : texts.list();
  keyboard.text(texts.addAnother(), encodeAction({ kind: 'draftNew' })).row();
  return { text, keyboard: keyboard.text(t.admin.system.panel(), encodeAction({ kind: 'panel' })) };
}

function afterwards(hasMore: boolean, t: Texts): InlineKeyboard {
  const keyboard = new InlineKeyboard();
  if (hasMore) keyboard.text(t.admin.draft.drafts(), encodeAction({ kind: 'drafts' }));
  return keyboard.text(t.admin.system.panel(), encodeAction({ kind: 'panel' }));
}

function panelButton(t: Texts): InlineKeyboard {
  return new InlineKeyboard().text(t.admin.system.panel(), encodeAction({ kind: 'panel' }));
}
