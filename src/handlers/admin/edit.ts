/** Editing what is published: the list, the anime's own screen, and one question per field. */
import { isDeepStrictEqual } from 'node:util';
import { InlineKeyboard } from 'grammy';
import { encodeAction } from '../../bot/callback-data.ts';
import type { BotContext, Viewer } from '../../bot/context.ts';
import type { Feature } from '../../bot/feature.ts';
import { type Incoming, normaliseDigits } from '../../bot/incoming.ts';
import { show } from '../../bot/show.ts';
import { prefetch } from '../../bot/turn.ts';
import { type Ask, answered, ask, type Question } from '../../db/asks.ts';
import { auditIfChanged } from '../../db/audit-log.ts';
import {
  type AnimeChange,
  type CatalogueAnime,
  catalogueAnime,
  cataloguePage,
  changeCode,
  editAnime,
  formerHolder,
  holderOf,
} from '../../db/catalogue.ts';
import type { Query } from '../../db/database.ts';
import { type Candidate, searchAnime } from '../../db/search.ts';
import { indexAnime } from '../../db/search-index.ts';
import { foldQuery, searchTerms } from '../../db/search-query.ts';
import { rankFound } from '../../db/search-rank.ts';
import { cutText, type Html } from '../../text/html.ts';
import { searchText } from '../../text/search-text.ts';
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
/** What `/edit` names: a code, or a name. */
const byCode = prefetch((incoming) => codeAsked(incoming, holderOf));
const byOldCode = prefetch((incoming) => codeAsked(incoming, formerHolder));
const byName = prefetch((incoming) => {
  const folded = incoming.kind === 'command' && incoming.name === 'edit' ? foldQuery(incoming.argument) : '';
  return folded === '' ? undefined : searchAnime(searchTerms(folded));
});
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
    if (anime !== undefined) return show(ctx, editScreen(anime, ctx.t));
    const found = { former: ctx.turn.got(byOldCode), alike: ctx.turn.got(byName) ?? [] };
    return openFound(ctx, argument, found);
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
  .answer('anime', (ctx, admin, { message }) => openAsked(ctx, admin, message.text ?? ''))
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
  prefetches: [named, byCode, byOldCode, byName, page, askedQuestion],
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

function codeAsked<T>(incoming: Incoming, question: (code: number) => Query<T>): Query<T> | undefined {
  const code = incoming.kind === 'command' && incoming.name === 'edit' ? codeIn(incoming.argument) : null;
  return code === null ? undefined : question(code);
}

function codeIn(text: string): number | null {
  const digits = normaliseDigits(text.trim());
  return /^\d{1,6}$/.test(digits) ? Number(digits) : null;
}

/** The answer to "which anime": its code or its name. */
async function openAsked(ctx: BotContext, admin: Viewer, text: string): Promise<void> {
  const code = codeIn(text);
  const folded = foldQuery(text);
  if (folded === '')
    return show(ctx, { text: ctx.t.admin.catalogue.askAnime(), keyboard: stopButton(ctx.t) });
  const questions = [holderOf(code ?? 0), formerHolder(code ?? 0), searchAnime(searchTerms(folded))] as const;
  const results = await ctx.turn.commit(...questions, ...answered(admin.id));
  const anime = questions[0].parse(results[0]?.rows ?? []);
  if (anime !== undefined) return show(ctx, editScreen(anime, ctx.t));
  const found = {
    former: questions[1].parse(results[1]?.rows ?? []),
    alike: questions[2].parse(results[2]?.rows ?? []),
  };
  return openFound(ctx, text, found);
}

/** Nobody has the code, or it is a name: offers who had it, and whose name is like it. The only one of that name is opened. */
async function openFound(
  ctx: BotContext,
  wanted: string,
  found: { readonly former: CatalogueAnime | undefined; readonly alike: readonly Candidate[] },
): Promise<void> {
  const { t } = ctx;
  const code = codeIn(wanted);
  const { former } = found;
  const ranked = rankFound(foldQuery(wanted), found.alike);
  const [first] = ranked;
  if (code === null && ranked.length === 1 && first !== undefined) {
    const question = catalogueAnime(first.id);
    const results = await ctx.turn.commit(question);
    const anime = question.parse(results[0]?.rows ?? []);
    if (anime !== undefined) return show(ctx, editScreen(anime, t));
  }
  const offered = [
    ...(former === undefined ? [] : [former]),
    ...ranked.filter(({ id }) => id !== former?.id),
  ];
  const keyboard = new InlineKeyboard();
  for (const anime of offered.slice(0, PER_PAGE)) {
    const label = `${anime.code} · ${cutText(nameOf(anime, t), 40).text}`;
    keyboard.text(label, encodeAction({ kind: 'edit', id: anime.id })).row();
  }
  const missing =
    code === null ? t.viewer.nothingFound(cutText(wanted, 64).text) : t.admin.catalogue.notFound(code);
  const text =
    former !== undefined && code !== null
      ? t.admin.catalogue.codeWas(code, former.code)
      : code === null && offered.length > 0
        ? t.viewer.found(ranked.length)
        : missing;
  await show(ctx, { text, keyboard: keyboard.append(listButton(t)) });
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
