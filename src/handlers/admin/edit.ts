/** Editing what is published: the list, the anime's own screen, and one question per field. */
import { isDeepStrictEqual } from 'node:util';
import type { BotContext } from '../../bot/context.ts';
import { type AdminContext, feature } from '../../bot/feature.ts';
import { normaliseDigits } from '../../bot/incoming.ts';
import { Keyboard } from '../../bot/keyboard.ts';
import type { Answer } from '../../bot/reply.ts';
import type { Screen } from '../../bot/show.ts';
import { type Ask, answered } from '../../db/admin-questions.ts';
import { wakeArchive } from '../../db/archive.ts';
import { captionsOutdated } from '../../db/archive-captions.ts';
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
import type { ListedAnime } from '../../db/listed-anime.ts';
import { type Candidate, nearestCodes, searchAnime } from '../../db/search.ts';
import { indexAnime } from '../../db/search-index.ts';
import { foldQuery, searchTerms } from '../../db/search-query.ts';
import { rankFound } from '../../db/search-rank.ts';
import type { Texts } from '../../locales/index.ts';
import { cutText, type Html } from '../../text/html.ts';
import { searchText } from '../../text/search-text.ts';
import { changeFrom } from './edit-answers.ts';
import {
  asking,
  editScreen,
  FIELDS,
  type Field,
  listButton,
  listScreen,
  nameOf,
  PER_PAGE,
  putQuestion,
  questionText,
  savedScreen,
  unlessTrashed,
  withNote,
} from './edit-screens.ts';

const gone = (t: Texts): string => t.admin.catalogue.gone();

export const editFeature = feature('admins')
  .on(
    'catalogue',
    { reads: ({ page }) => [cataloguePage(Math.max(0, page), PER_PAGE)] },
    ({ t }, { page }, [found]) => listScreen(found, Math.max(0, page), t),
  )
  /** A code, or a name. */
  .command(
    'edit',
    { reads: (wanted) => (foldQuery(wanted) === '' ? [] : lookFor(wanted)) },
    (ctx, wanted, [holder, former, alike, near]) => openFound(ctx, wanted, [holder, former, alike, near]),
  )
  .on('edit', { reads: ({ id }) => [catalogueAnime(id)], gone }, ({ t }, _, [anime]) => editScreen(anime, t))
  .on(
    'editField',
    { reads: ({ id }) => [unlessTrashed(catalogueAnime(id))], gone },
    (ctx, { field }, [anime]) => askField(ctx, anime, FIELDS[field]),
  )
  .on('photoOff', { reads: ({ id }) => [catalogueAnime(id)], gone }, async (ctx, _, [anime]) =>
    savedScreen(await save(ctx, anime, { photo: null }), ctx.t),
  )
  .on('editByCode', (ctx) => putQuestion(ctx, 'anime', ctx.t.admin.catalogue.askAnime()))
  .answer('anime', async (ctx, message) => {
    const wanted = message.text ?? '';
    if (foldQuery(wanted) === '') return asking(ctx.t.admin.catalogue.askAnime(), ctx.t);
    const found = await ctx.turn.commit(...lookFor(wanted), answered(ctx.viewer.id));
    return openFound(ctx, wanted, found);
  })
  .answer('code', (ctx, _, [asked]) => takeCode(ctx, asked))
  .answer(
    ['title', 'description', 'photo', 'genres', 'year', 'aliases'],
    async (ctx, message, [{ question, anime }]) => {
      const change = changeFrom(question, message, ctx.t);
      if ('problem' in change) return asking(change.problem, ctx.t);
      if (anime === undefined) return dropAndSay(ctx, ctx.t.admin.catalogue.notSaved());
      return savedScreen(await save(ctx, anime, change.change), ctx.t);
    },
  );

/** Writes a change with its search text; the anime after it, undefined if gone or in the trash. */
async function save(
  ctx: AdminContext,
  anime: CatalogueAnime,
  change: AnimeChange,
): Promise<CatalogueAnime | undefined> {
  const texts = searchText({ ...anime, ...change });
  const subject = `${anime.code} ${nameOf(anime, ctx.t)}: ${Object.keys(change).join(', ')}`;
  const [, , , , after] = await ctx.turn.commit(
    answered(ctx.viewer.id),
    editAnime(anime.id, change, ctx.now),
    auditIfChanged(ctx.viewer.id, 'anime-edited', subject, ctx.now),
    indexAnime({ id: anime.id }, texts),
    unlessTrashed(catalogueAnime(anime.id)),
    wakeArchive(),
    'title' in change || 'description' in change ? captionsOutdated(anime.id, ctx.now) : [],
  );
  // Another admin changed something else between this turn's read and its write.
  if (after !== undefined && !isDeepStrictEqual(searchText(after), texts))
    ctx.turn.stage(indexAnime({ id: anime.id }, searchText(after)));
  return after;
}

async function askField(ctx: AdminContext, anime: CatalogueAnime, field: Field | undefined): Promise<Answer> {
  const { catalogue } = ctx.t.admin;
  if (field === undefined) return { alert: catalogue.gone() };
  const keyboard = new Keyboard();
  if (field === 'photo' && anime.photoId !== null)
    keyboard.last(catalogue.photoOff(), { kind: 'photoOff', id: anime.id });
  await putQuestion(ctx, field, questionText(field, anime, ctx.t), { animeId: anime.id });
  return asking(questionText(field, anime, ctx.t), ctx.t, keyboard);
}

function codeIn(text: string): number | null {
  const digits = normaliseDigits(text.trim());
  return /^\d{1,6}$/.test(digits) ? Number(digits) : null;
}

/** Who has the code, who had it, whose name is like it, and whose code is near. */
function lookFor(wanted: string) {
  const code = codeIn(wanted) ?? 0;
  return [
    holderOf(code),
    formerHolder(code),
    searchAnime(searchTerms(foldQuery(wanted))),
    nearestCodes(code),
  ] as const;
}

/**
 * Opens what is wanted, or the only one of that name; else offers who had the code, whose name is
 * like it, and whose code is near.
 */
async function openFound(
  ctx: BotContext,
  wanted: string,
  [holder, former, alike, near]: readonly [
    CatalogueAnime | undefined,
    CatalogueAnime | undefined,
    readonly Candidate[] | undefined,
    readonly ListedAnime[] | undefined,
    ...unknown[],
  ],
): Promise<Screen> {
  const { t } = ctx;
  if (holder !== undefined) return editScreen(holder, t);
  const code = codeIn(wanted);
  const ranked = rankFound(foldQuery(wanted), alike ?? []);
  const [first] = ranked;
  if (code === null && ranked.length === 1 && first !== undefined) {
    const [anime] = await ctx.turn.commit(catalogueAnime(first.id));
    if (anime !== undefined) return editScreen(anime, t);
  }
  const offered = [
    ...(former === undefined ? [] : [former]),
    ...ranked.filter(({ id }) => id !== former?.id),
    ...(code === null || former !== undefined
      ? []
      : (near ?? []).filter(({ id }) => ranked.every((one) => one.id !== id))),
  ];
  const keyboard = new Keyboard();
  for (const anime of offered.slice(0, PER_PAGE)) {
    const label = `${anime.code} · ${cutText(nameOf(anime, t), 40).text}`;
    keyboard.last(label, { kind: 'edit', id: anime.id });
  }
  const { nothingFound, notFound } = t.admin.catalogue;
  const missing = code === null ? nothingFound(cutText(wanted, 64).text) : notFound(code, offered.length > 0);
  const text =
    former !== undefined && code !== null
      ? t.admin.catalogue.codeWas(code, former.code)
      : code === null && offered.length > 0
        ? t.viewer.found(ranked.length)
        : missing;
  return { text, keyboard: keyboard.append(listButton(t)) };
}

async function takeCode(ctx: AdminContext, { anime }: Ask): Promise<Screen> {
  const { catalogue } = ctx.t.admin;
  const { id: adminId } = ctx.viewer;
  const code = ctx.incoming.kind === 'code' ? ctx.incoming.code : null;
  if (anime === undefined) return dropAndSay(ctx, catalogue.notSaved());
  if (code === null) return asking(catalogue.wantsCode(), ctx.t);
  const subject = `${nameOf(anime, ctx.t)}: ${anime.code} → ${code}`;
  const [taken, , , after] = await ctx.turn.commit(
    holderOf(code),
    changeCode(anime.id, code, ctx.now),
    auditIfChanged(adminId, 'code-changed', subject, ctx.now),
    catalogueAnime(anime.id),
    captionsOutdated(anime.id, ctx.now),
  );
  if (taken !== undefined && taken.id !== anime.id)
    return asking(catalogue.codeTaken(code, nameOf(taken, ctx.t), taken.deletedAt !== null), ctx.t);
  ctx.turn.stage(...answered(adminId));
  if (after?.code !== code) return { text: catalogue.notSaved(), keyboard: listButton(ctx.t) };
  return withNote(catalogue.codeChanged(anime.code, code), editScreen(after, ctx.t));
}

async function dropAndSay(ctx: AdminContext, text: Html): Promise<Screen> {
  await ctx.turn.commit(answered(ctx.viewer.id));
  return { text, keyboard: listButton(ctx.t) };
}
