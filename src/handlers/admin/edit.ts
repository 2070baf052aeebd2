/** Editing what is published: the list, the anime's own screen, and one question per field. */
import { isDeepStrictEqual } from 'node:util';
import { InlineKeyboard } from 'grammy';
import { type Ask, answered, ask, type Question } from '../../db/asks.ts';
import { auditIfChanged } from '../../db/audit-log.ts';
import {
  type AnimeChange,
  type CatalogueAnime,
  catalogueAnime,
  cataloguePage,
  changeCode,
  editAnime,
  holderOf,
} from '../../db/catalogue.ts';
import { indexAnime } from '../../db/search-index.ts';
import type { Html } from '../../html.ts';
import { searchText } from '../../text/search-text.ts';
import { encodeAction } from '../callback-data.ts';
import type { BotContext, Viewer } from '../context.ts';
import type { Feature } from '../feature.ts';
import { show } from '../show.ts';
import { prefetch } from '../turn.ts';
import { changeFrom } from './edit-answers.ts';
import {
  editScreen,
  FIELDS,
  type Field,
  listButton,
  listScreen,
  nameOf,
  PER_PAGE,
  questionText,
  savedScreen,
  stopButton,
  withNote,
} from './edit-screens.ts';
import { AdminRoutes, askedQuestion, pressed, whenPressed } from './routes.ts';

const named = whenPressed(['edit', 'editField', 'photoOff'], ({ id }) => catalogueAnime(id));
const byCode = prefetch((incoming) =>
  incoming.kind === 'command' && incoming.name === 'edit' && /^\d{1,6}$/.test(incoming.argument)
    ? holderOf(Number(incoming.argument))
    : undefined,
);
const page = prefetch((incoming) => {
  const action = pressed(incoming, 'catalogue');
  const isCommand = incoming.kind === 'command' && incoming.name === 'edit' && incoming.argument === '';
  return action !== undefined || isCommand
    ? cataloguePage(Math.max(0, action?.page ?? 0), PER_PAGE)
    : undefined;
});

const routes = new AdminRoutes()
  .command('edit', async (ctx, _admin, argument) => {
    if (argument === '') return show(ctx, listScreen(ctx.turn.got(page) ?? [], 0, ctx.t));
    const anime = ctx.turn.got(byCode);
    const text = /^\d{1,6}$/.test(argument)
      ? ctx.t.admin.catalogue.notFound(Number(argument))
      : ctx.t.admin.catalogue.wantsCode();
    return show(ctx, anime === undefined ? { text } : editScreen(anime, ctx.t));
  })
  .press('catalogue', async (ctx, _admin, action) => {
    const screen = listScreen(ctx.turn.got(page) ?? [], Math.max(0, action.page), ctx.t);
    await Promise.all([ctx.answerPress(), show(ctx, screen)]);
  })
  .press('edit', async (ctx) => {
    const anime = ctx.turn.got(named);
    if (anime === undefined) return ctx.answerPress(ctx.t.admin.catalogue.gone(), { alert: true });
    return Promise.all([ctx.answerPress(), show(ctx, editScreen(anime, ctx.t))]);
  })
  .press('editField', (ctx, admin, { field }) => askField(ctx, admin, FIELDS[field]))
  .press('photoOff', async (ctx, admin) => {
    const anime = ctx.turn.got(named);
    if (anime === undefined) return ctx.answerPress(ctx.t.admin.catalogue.gone(), { alert: true });
    const after = await save(ctx, admin, anime, { photo: null });
    return Promise.all([ctx.answerPress(), show(ctx, savedScreen(after, ctx.t))]);
  })
  .press('editByCode', async (ctx, admin) => {
    await ctx.turn.commit(...ask(admin.id, 'anime', {}, ctx.now));
    const text = ctx.t.admin.catalogue.askAnime();
    await Promise.all([ctx.answerPress(), show(ctx, { text, keyboard: stopButton(ctx.t) })]);
  })
  .answer('anime', (ctx, admin) => openByCode(ctx, admin))
  .answer('code', (ctx, admin, { ask: asked }) => takeCode(ctx, admin, asked));
for (const field of FIELDS)
  if (field !== 'code')
    routes.answer(field, async (ctx, admin, { ask: asked, message }) => {
      const change = changeFrom(field, message, ctx.t);
      if ('problem' in change) return show(ctx, { text: change.problem, keyboard: stopButton(ctx.t) });
      if (asked.anime === undefined) return dropAndSay(ctx, admin, ctx.t.admin.catalogue.notSaved());
      return show(ctx, savedScreen(await save(ctx, admin, asked.anime, change.change), ctx.t));
    });

export const editFeature: Feature = {
  name: 'admin edit',
  composer: routes.composer,
  prefetches: [named, byCode, page, askedQuestion],
};

/** Writes a change with its search text; the anime as it is afterwards, undefined when it is gone or in the trash. */
async function save(
  ctx: BotContext,
  admin: Viewer,
  anime: CatalogueAnime,
  change: AnimeChange,
): Promise<CatalogueAnime | undefined> {
  const question = catalogueAnime(anime.id);
  const texts = searchText({ ...anime, ...change });
  const results = await ctx.turn.commit(
    ...answered(admin.id),
    editAnime(anime.id, change, ctx.now),
    auditIfChanged(
      admin.id,
      'anime-edited',
      `${anime.code} ${nameOf(anime, ctx.t)}: ${Object.keys(change).join(', ')}`,
      ctx.now,
    ),
    indexAnime({ id: anime.id }, texts),
    question,
  );
  const after = question.parse(results.at(-1)?.rows ?? []);
  if (after?.deletedAt !== null) return undefined;
  // Another admin changed something else between this turn's read and its write.
  if (!isDeepStrictEqual(searchText(after), texts))
    ctx.turn.stage(indexAnime({ id: anime.id }, searchText(after)));
  return after;
}

async function askField(ctx: BotContext, admin: Viewer, field: Field | undefined): Promise<unknown> {
  const anime = ctx.turn.got(named);
  if (anime === undefined || field === undefined || anime.deletedAt !== null)
    return ctx.answerPress(ctx.t.admin.catalogue.gone(), { alert: true });
  const question: Question = field;
  await ctx.turn.commit(...ask(admin.id, question, { animeId: anime.id }, ctx.now));
  const keyboard = new InlineKeyboard();
  if (field === 'photo' && anime.photoId !== null)
    keyboard.text(ctx.t.admin.catalogue.photoOff(), encodeAction({ kind: 'photoOff', id: anime.id })).row();
  const screen = { text: questionText(field, anime, ctx.t), keyboard: stopButton(ctx.t, keyboard) };
  return Promise.all([ctx.answerPress(), show(ctx, screen)]);
}

async function openByCode(ctx: BotContext, admin: Viewer): Promise<void> {
  const { catalogue } = ctx.t.admin;
  const code = ctx.incoming.kind === 'code' ? ctx.incoming.code : null;
  if (code === null) return show(ctx, { text: catalogue.wantsCode(), keyboard: stopButton(ctx.t) });
  const results = await ctx.turn.commit(holderOf(code), ...answered(admin.id));
  const anime = holderOf(code).parse(results[0]?.rows ?? []);
  await show(
    ctx,
    anime === undefined
      ? { text: catalogue.notFound(code), keyboard: listButton(ctx.t) }
      : editScreen(anime, ctx.t),
  );
}

async function takeCode(ctx: BotContext, admin: Viewer, asked: Ask): Promise<void> {
  const { catalogue } = ctx.t.admin;
  const { anime } = asked;
  const code = ctx.incoming.kind === 'code' ? ctx.incoming.code : null;
  if (anime === undefined) return dropAndSay(ctx, admin, catalogue.notSaved());
  if (code === null) return show(ctx, { text: catalogue.wantsCode(), keyboard: stopButton(ctx.t) });
  const subject = `${nameOf(anime, ctx.t)}: ${anime.code} → ${code}`;
  const holder = holderOf(code);
  const results = await ctx.turn.commit(
    holder,
    ...changeCode(anime.id, code, ctx.now),
    auditIfChanged(admin.id, 'code-changed', subject, ctx.now),
    catalogueAnime(anime.id),
  );
  const taken = holder.parse(results[0]?.rows ?? []);
  if (taken !== undefined && taken.id !== anime.id) {
    const text = catalogue.codeTaken(code, nameOf(taken, ctx.t), taken.deletedAt !== null);
    return show(ctx, { text, keyboard: stopButton(ctx.t) });
  }
  ctx.turn.stage(...answered(admin.id));
  const after = catalogueAnime(anime.id).parse(results.at(-1)?.rows ?? []);
  if (after?.code !== code) return show(ctx, { text: catalogue.notSaved(), keyboard: listButton(ctx.t) });
  await show(ctx, withNote(catalogue.codeChanged(anime.code, code), editScreen(after, ctx.t)));
}

async function dropAndSay(ctx: BotContext, admin: Viewer, text: Html): Promise<void> {
  await ctx.turn.commit(...answered(admin.id));
  await show(ctx, { text, keyboard: listButton(ctx.t) });
}
