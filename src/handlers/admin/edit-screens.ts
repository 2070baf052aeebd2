/** What an admin sees of an anime under edit: pure functions of it. */
import { InlineKeyboard } from 'grammy';
import { encodeAction } from '../../bot/callback-data.ts';
import type { AdminContext } from '../../bot/feature.ts';
import type { Screen } from '../../bot/show.ts';
import { ask, type Question } from '../../db/admin-questions.ts';
import type { CatalogueAnime } from '../../db/catalogue.ts';
import type { Query } from '../../db/database.ts';
import type { Texts } from '../../locales/index.ts';
import { cutText, type Html, html } from '../../text/html.ts';
import { titleFrom } from '../../text/search-text.ts';

/** In the order of the buttons' `field`; never reorder. */
export const FIELDS = ['title', 'description', 'photo', 'genres', 'year', 'aliases', 'code'] as const;
export type Field = (typeof FIELDS)[number];
export const PER_PAGE = 8;

export function nameOf(anime: Pick<CatalogueAnime, 'title' | 'description' | 'code'>, t: Texts): string {
  return titleFrom(anime.title, anime.description) ?? t.viewer.untitled(anime.code);
}

type AnimeQuery = Query<CatalogueAnime | undefined>;

/** Undefined for an anime in the trash, too. */
export function unlessTrashed(question: AnimeQuery): AnimeQuery {
  return only(question, ({ deletedAt }) => deletedAt === null);
}

/** Undefined for an anime that is not in the trash. */
export function ifTrashed(question: AnimeQuery): AnimeQuery {
  return only(question, ({ deletedAt }) => deletedAt !== null);
}

function only(question: AnimeQuery, fits: (found: CatalogueAnime) => boolean): AnimeQuery {
  return {
    ...question,
    parse: (rows) => {
      const found = question.parse(rows);
      return found !== undefined && fits(found) ? found : undefined;
    },
  };
}

export function savedScreen(anime: CatalogueAnime | undefined, t: Texts): Screen {
  return anime === undefined
    ? { text: t.admin.catalogue.notSaved(), keyboard: listButton(t) }
    : withNote(t.admin.catalogue.saved(), editScreen(anime, t));
}

export function withNote(note: Html, screen: Screen): Screen {
  return { ...screen, text: html`${note}\n\n${screen.text}` };
}

function stopButton(t: Texts, keyboard = new InlineKeyboard()): InlineKeyboard {
  return keyboard.text(t.admin.system.stop(), encodeAction({ kind: 'drop' }));
}

/** A question, or why an answer to it will not do. */
export function asking(text: Html, t: Texts, keyboard?: InlineKeyboard): Screen {
  return { text, keyboard: stopButton(t, keyboard) };
}

/** Asks; the admin's next message is taken for the answer. */
export async function putQuestion(
  ctx: AdminContext,
  question: Question,
  text: Html,
  about: Parameters<typeof ask>[2] = {},
): Promise<Screen> {
  await ctx.turn.commit(ask(ctx.viewer.id, question, about, ctx.now));
  return asking(text, ctx.t);
}

export function listButton(t: Texts): InlineKeyboard {
  return new InlineKeyboard()
    .text(t.admin.system.catalogue(), encodeAction({ kind: 'catalogue', page: 0 }))
    .text(t.admin.system.panel(), encodeAction({ kind: 'panel' }));
}

export function editScreen(anime: CatalogueAnime, t: Texts): Screen {
  const { catalogue, system } = t.admin;
  const text = catalogue.facts({
    title: nameOf(anime, t),
    code: anime.code,
    parts: anime.parts,
    views: anime.views,
    genres: cutText(anime.genres ?? catalogue.none(), 300).text,
    year: anime.year === null ? catalogue.none() : String(anime.year),
    aliases: cutText(anime.aliases?.replaceAll('\n', ', ') ?? catalogue.none(), 300).text,
    isTrashed: anime.deletedAt !== null,
  });
  if (anime.deletedAt !== null)
    return {
      text,
      keyboard: new InlineKeyboard()
        .text(catalogue.restore(), encodeAction({ kind: 'restore', id: anime.id }))
        .text(catalogue.delete(), encodeAction({ kind: 'purgeAsk', id: anime.id }))
        .row()
        .text(system.panel(), encodeAction({ kind: 'panel' })),
    };
  const field = (name: Field): string =>
    encodeAction({ kind: 'editField', id: anime.id, field: FIELDS.indexOf(name) });
  const keyboard = new InlineKeyboard()
    .text(catalogue.parts(anime.parts), encodeAction({ kind: 'editParts', id: anime.id, page: 0 }))
    .text(catalogue.addParts(), encodeAction({ kind: 'partsAdd', id: anime.id }))
    .row()
    .text(catalogue.title(), field('title'))
    .text(catalogue.description(), field('description'))
    .text(catalogue.photo(), field('photo'))
    .row()
    .text(catalogue.genres(), field('genres'))
    .text(catalogue.year(), field('year'))
    .text(catalogue.code(), field('code'))
    .row()
    .text(catalogue.aliases(), field('aliases'))
    .text(t.admin.sending.post(), encodeAction({ kind: 'post', id: anime.id }))
    .row()
    .text(catalogue.look(), encodeAction({ kind: 'pick', anime: anime.id }))
    .text(catalogue.delete(), encodeAction({ kind: 'trashAsk', id: anime.id }))
    .row()
    .text(system.back(), encodeAction({ kind: 'catalogue', page: 0 }));
  return { text, keyboard };
}

export function listScreen(found: readonly CatalogueAnime[], current: number, t: Texts): Screen {
  const { catalogue, system } = t.admin;
  const keyboard = new InlineKeyboard();
  for (const anime of found.slice(0, PER_PAGE))
    keyboard
      .text(
        catalogue.listed(anime.code, cutText(nameOf(anime, t), 40).text, anime.parts),
        encodeAction({ kind: 'edit', id: anime.id }),
      )
      .row();
  if (current > 0) keyboard.text(system.left(), encodeAction({ kind: 'catalogue', page: current - 1 }));
  if (found.length > PER_PAGE)
    keyboard.text(system.right(), encodeAction({ kind: 'catalogue', page: current + 1 }));
  keyboard
    .row()
    .text(catalogue.byCode(), encodeAction({ kind: 'editByCode' }))
    .row()
    .text(system.panel(), encodeAction({ kind: 'panel' }));
  return { text: found.length === 0 ? catalogue.emptyList() : catalogue.list(), keyboard };
}

export function questionText(field: Field, anime: CatalogueAnime, t: Texts): Html {
  const { catalogue } = t.admin;
  const title = nameOf(anime, t);
  switch (field) {
    case 'title':
      return catalogue.askTitle(title);
    case 'description':
      return catalogue.askDescription(title);
    case 'photo':
      return catalogue.askPhoto(title);
    case 'genres':
      return catalogue.askGenres(title);
    case 'year':
      return catalogue.askYear(title);
    case 'aliases':
      return catalogue.askAliases(title);
    case 'code':
      return catalogue.askCode(title, anime.code);
  }
}
