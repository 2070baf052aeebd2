/** Buttons and commands of drafts: begin, wait, go on, throw away, and every step of the wizard. */
import { type AdminContext, feature } from '../../bot/feature.ts';
import { Keyboard } from '../../bot/keyboard.ts';
import type { Answer } from '../../bot/reply.ts';
import type { Screen } from '../../bot/show.ts';
import type { Who } from '../../bot/step.ts';
import { type Ask, answered, openAsk } from '../../db/admin-questions.ts';
import { dropUnsent } from '../../db/broadcasts.ts';
import { hasChanged, type Statement } from '../../db/database.ts';
import { dropLastPart, statusMoved } from '../../db/draft-parts.ts';
import {
  beginAnime,
  beginParts,
  changeStep,
  chooseGroup,
  closeOpen,
  detour,
  dropDraft,
  reopen,
} from '../../db/drafts.ts';
import {
  type Draft,
  draftById,
  draftsOf,
  openDraft,
  STEPS,
  type Step,
  type WaitingDraft,
} from '../../db/read-drafts.ts';
import type { Texts } from '../../locales/index.ts';
import { cutText, type Html } from '../../text/html.ts';
import { takeCode } from './draft-intake.ts';
import { draftScreen, draftTitle, resumeButtons } from './draft-screens.ts';
import { publishDraft } from './publish.ts';

/** The draft a button names; only its own admin's. */
const one = {
  reads: ({ draft }: { readonly draft: number }, { id }: Who) => [draftById(draft, id)] as const,
  gone: (t: Texts): string => t.admin.draft.gone(),
};

export const draftsFeature = feature('admins')
  .on('draftNew', (ctx) => begin(ctx, beginAnime(ctx.viewer.id, ctx.now)))
  .on('partsAdd', (ctx, { id }) => begin(ctx, beginParts(ctx.viewer.id, id, ctx.now)))
  .command('cancel', { reads: (_, { id }) => [openDraft(id), openAsk(id)] }, (ctx, _, [draft, ask]) =>
    cancel(ctx, draft, ask),
  )
  .on('drop', async (ctx) => {
    const [, left] = await ctx.turn.commit(answered(ctx.viewer.id), draftsOf(ctx.viewer.id));
    return { text: ctx.t.admin.draft.cancelled(), keyboard: afterwards(left.length > 0, ctx.t) };
  })
  .on('drafts', { reads: (_, { id }) => [draftsOf(id)] }, ({ t }, _, [found]) => listScreen(found, t))
  .on('draftOpen', one, (ctx, _, [draft]) =>
    save(ctx, draft, [...closeOpen(ctx.viewer.id), reopen(draft, ctx.now)]),
  )
  .on('draftPause', one, async (ctx, _, [draft]) => {
    await ctx.turn.commit(draft.isOpen ? closeOpen(ctx.viewer.id) : []);
    return pausedScreen(draft, ctx.t);
  })
  .on('draftDrop', one, async (ctx, { sure }, [draft]) => {
    if (sure !== 1) return askDrop(draft, ctx.t);
    const [, left] = await ctx.turn.commit(dropDraft(draft), draftsOf(draft.userId));
    return { text: ctx.t.admin.draft.dropped(), keyboard: afterwards(left.length > 0, ctx.t) };
  })
  .on('draftDone', one, (ctx, { version }, [draft]) => {
    if (draft.kind === 'anime')
      return save(ctx, draft, [changeStep({ ...draft, version }, { step: 'code' }, ctx.now)], version);
    if (draft.parts > 0) return publishDraft(ctx, { ...draft, version });
    return { alert: ctx.t.admin.draft.noPartsYet() };
  })
  .on('draftUndo', one, (ctx, _, [draft]) =>
    save(ctx, draft, [dropLastPart(draft)], undefined, ctx.t.admin.draft.partGone()),
  )
  .on('draftStep', one, (ctx, { version, step }, [draft]) => {
    const to: Step = STEPS[step] ?? 'description';
    const backTo = draft.step === 'preview' ? 'preview' : null;
    return save(ctx, draft, [detour({ ...draft, version }, to, backTo, ctx.now)], version);
  })
  .on('draftCode', one, (ctx, { version, code }, [draft]) =>
    version === draft.version && draft.step === 'code'
      ? takeCode(ctx, draft, code)
      : save(ctx, draft, [], version),
  )
  .on('draftGroup', one, (ctx, { group, on }, [draft]) =>
    save(ctx, draft, [chooseGroup(draft, group, on === 1)]),
  )
  .on('draftGroupsDone', one, (ctx, { version }, [draft]) => {
    const isHere = draft.step === 'groups';
    const statements = isHere ? [changeStep({ ...draft, version }, { step: 'preview' }, ctx.now)] : [];
    return save(ctx, draft, statements, version);
  })
  .on('draftPublish', one, (ctx, { version }, [draft]) =>
    draft.step === 'preview' && version === draft.version
      ? publishDraft(ctx, draft)
      : save(ctx, draft, [], version),
  );

/**
 * Writes, reads the draft as it is now in the same batch, and shows that: a button of an earlier
 * step changes nothing and shows the truth.
 * @param version what the button was made for
 */
async function save(
  ctx: AdminContext,
  draft: Draft,
  statements: readonly Statement[],
  version?: number,
  said?: string,
): Promise<Answer> {
  const pressed = ctx.callbackQuery?.message;
  const isText = pressed !== undefined && 'text' in pressed;
  const [, after] = await ctx.turn.commit(
    // A picture does not become the next step: that is a new message.
    isText ? [...statements, statusMoved(draft.id, pressed.message_id)] : statements,
    draftById(draft.id, draft.userId),
  );
  if (after === undefined) return { alert: ctx.t.admin.draft.gone() };
  const isStale = version !== undefined && version !== draft.version;
  // The status message may stand far above the parts sent since: the next step belongs below them.
  const isNew = (pressed?.message_id ?? 0) < (after.lastPartMessage ?? 0);
  return { ...draftScreen(after, ctx.t), isNew, said: isStale ? ctx.t.admin.draft.moved() : said };
}

async function begin(ctx: AdminContext, statement: Statement): Promise<Screen> {
  const { id } = ctx.viewer;
  const [, , draft] = await ctx.turn.commit(closeOpen(id), statement, openDraft(id));
  return draft === undefined ? { text: ctx.t.admin.draft.animeGone() } : draftScreen(draft, ctx.t);
}

/** Leaves whatever is going on. A draft waits with all that was sent; a question is forgotten. */
async function cancel(ctx: AdminContext, draft: Draft | undefined, asked: Ask | undefined): Promise<Screen> {
  const { id } = ctx.viewer;
  const isSending = draft === undefined && (asked === undefined || asked.question === 'broadcast');
  const [, dropped, left] = await ctx.turn.commit(
    asked === undefined ? closeOpen(id) : answered(id),
    isSending ? [dropUnsent(id, ctx.now)] : [],
    draftsOf(id),
  );
  if (draft !== undefined) return pausedScreen(draft, ctx.t);
  const isDone = asked !== undefined || hasChanged(dropped[0]);
  const { cancelled: done, nothingToCancel } = ctx.t.admin.draft;
  return { text: isDone ? done() : nothingToCancel(), keyboard: afterwards(left.length > 0, ctx.t) };
}

function pausedScreen(draft: Draft, t: Texts): Screen {
  return {
    text: t.admin.draft.paused(draftTitle(draft, t), draft.parts),
    keyboard: resumeButtons(draft.id, t)
      .row()
      .last(t.admin.draft.addAnother(), { kind: 'draftNew' })
      .button(t.admin.system.panel(), { kind: 'panel' }),
  };
}

function askDrop(draft: Draft, t: Texts): Screen {
  const { draft: texts } = t.admin;
  return {
    text: texts.askDrop(draftTitle(draft, t), draft.parts),
    keyboard: new Keyboard()
      .button(texts.yesDrop(), { kind: 'draftDrop', draft: draft.id, sure: 1 })
      .button(texts.no(), { kind: 'draftOpen', draft: draft.id }),
  };
}

function listScreen(drafts: readonly WaitingDraft[], t: Texts): Screen {
  const { draft: texts } = t.admin;
  const keyboard = new Keyboard();
  for (const draft of drafts) {
    const title = cutText(draft.title ?? texts.untitled(), 40).text;
    keyboard.last(texts.listed(title, draft.parts, draft.isOpen), { kind: 'draftOpen', draft: draft.id });
  }
  const text: Html = drafts.length === 0 ? texts.noDrafts() : texts.list();
  // "Another" where there is one.
  const add = drafts.length === 0 ? t.admin.system.addAnime() : texts.addAnother();
  keyboard.last(add, { kind: 'draftNew' });
  return { text, keyboard: keyboard.button(t.admin.system.panel(), { kind: 'panel' }) };
}

function afterwards(hasMore: boolean, t: Texts): Keyboard {
  const keyboard = new Keyboard();
  if (hasMore) keyboard.button(t.admin.draft.drafts(), { kind: 'drafts' });
  return keyboard.button(t.admin.system.panel(), { kind: 'panel' });
}
