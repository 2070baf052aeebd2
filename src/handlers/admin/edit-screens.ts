/** What an admin sees of an anime under edit: pure functions of it. */
import type { Action } from '../../bot/callback-data.ts';
import type { AdminContext } from '../../bot/feature.ts';
import { Keyboard } from '../../bot/keyboard.ts';
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

function stopButton(t: Texts, keyboard = new Keyboard()): Keyboard {
  return keyboard.button(t.admin.system.stop(), { kind: 'drop' });
}

/** A question, or why an answer to it will not do. */
export function asking(text: Html, t: Texts, keyboard?: Keyboard): Screen {
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

export function listButton(t: Texts): Keyboard {
  return new Keyboard()
    .button(t.admin.system.catalogue(), { kind: 'catalogue', page: 0 })
    .button(t.admin.system.panel(), { kind: 'panel' });
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
      keyboard: new Keyboard()
        .button(catalogue.restore(), { kind: 'restore', id: anime.id })
        .last(catalogue.delete(), { kind: 'purgeAsk', id: anime.id })
        .button(system.panel(), { kind: 'panel' }),
    };
  const field = (name: Field): Action => ({ kind: 'editField', id: anime.id, field: FIELDS.indexOf(name) });
  const keyboard = new Keyboard()
    .button(catalogue.parts(anime.parts), { kind: 'editParts', id: anime.id, page: 0 })
    .last(catalogue.addParts(), { kind: 'partsAdd', id: anime.id })
    .button(catalogue.title(), field('title'))
    .button(catalogue.description(), field('description'))
    .last(catalogue.photo(), field('photo'))
    .button(catalogue.genres(), field('genres'))
    .button(catalogue.year(), field('year'))
    .last(catalogue.code(), field('code'))
    .button(catalogue.aliases(), field('aliases'))
    .last(t.admin.sending.post(), { kind: 'post', id: anime.id })
    .button(catalogue.look(), { kind: 'pick', anime: anime.id })
    .last(catalogue.delete(), { kind: 'trashAsk', id: anime.id })
    .button(system.back(), { kind: 'catalogue', page: 0 });
  return { text, keyboard };
}

export function listScreen(found: readonly CatalogueAnime[], current: number, t: Texts): Screen {
  const { catalogue, system } = t.admin;
  const keyboard = new Keyboard();
  for (const anime of found.slice(0, PER_PAGE))
    keyboard.last(catalogue.listed(anime.code, cutText(nameOf(anime, t), 40).text, anime.parts), {
      kind: 'edit',
      id: anime.id,
    });
  keyboard
    .pages(t, { page: current, hasNext: found.length > PER_PAGE }, (page) => ({ kind: 'catalogue', page }))
    .last(catalogue.byCode(), { kind: 'editByCode' })
    .button(system.panel(), { kind: 'panel' });
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
