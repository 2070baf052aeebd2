/** The texts by which people find an anime, folded once when it is written. */
import { cutText } from './html.ts';
import { readLimit } from './text-limits.ts';
import { fold, soundOf } from './uzbek-fold.ts';

export interface SearchText {
  /** The name in lists. */
  readonly title: string;
  /** Every other name, and each name written without spaces; one a line. */
  readonly names: string;
  readonly about: string;
  readonly sound: string;
}

export interface Searchable {
  readonly title: string | null;
  /** Other names, one a line. */
  readonly aliases: string | null;
  readonly description: string | null;
  readonly genres?: string | null;
}

/**
 * Searched characters of a description; the plot of an episode further down finds nothing that
 * anybody wants.
 */
const ABOUT_LIMIT = 1000;

/**
 * The name an anime goes by: its title, else the first line of its description (the old bot had
 * descriptions only).
 */
export function nameOf(anime: Pick<Searchable, 'title' | 'description'>): string | undefined {
  const title = anime.title?.trim() ?? '';
  if (title !== '') return title;
  return anime.description
    ?.slice(0, readLimit('description'))
    .split('\n')
    .map(withoutLabel)
    .find((line) => /[\p{L}\p{N}]/u.test(line));
}

/** Titles are cut to this where they are one line among others. */
export const TITLE_LIMIT = 100;

/** {@link nameOf}, as long as a title may be. */
export function titleFrom(title: string | null, description: string | null): string | undefined {
  const name = nameOf({ title, description });
  return name === undefined ? undefined : cutText(name, TITLE_LIMIT).text;
}

/**
 * The description without a first line that only repeats the title: the wizard takes the title from
 * there.
 */
export function descriptionBelow(anime: Pick<Searchable, 'title' | 'description'>): string {
  const description = anime.description?.trim() ?? '';
  const title = anime.title?.trim() ?? '';
  const [first = '', ...rest] = description.split('\n');
  const isRepeated = title !== '' && (first.trim() === title || withoutLabel(first) === title);
  return isRepeated ? rest.join('\n').trim() : description;
}

export function searchText(anime: Searchable): SearchText {
  const title = fold((nameOf(anime) ?? '').slice(0, readLimit('title')));
  const aliases = (anime.aliases ?? '')
    .slice(0, readLimit('aliases'))
    .split('\n')
    .map(fold)
    .filter((alias) => alias !== '');
  const names = [title, ...aliases];
  const joined = names.filter((name) => name.includes(' ')).map((name) => name.replaceAll(' ', ''));
  return {
    title,
    names: [...new Set([...aliases, ...joined])].join('\n'),
    about: fold(
      `${anime.description?.slice(0, ABOUT_LIMIT) ?? ''} ${anime.genres?.slice(0, readLimit('genres')) ?? ''}`,
    ),
    sound: [...new Set(names.flatMap((name) => soundOf(name).split(' ')))].join(' ').trim(),
  };
}

/** `🎬 Nomi: Naruto` says Naruto. */
function withoutLabel(line: string): string {
  return line
    .replace(/^[^\p{L}\p{N}]+/u, '')
    .replace(/^(?:anime\s+)?(?:nomi|номи|название|name|title)\s*[:：—–-]\s*/iu, '')
    .trim();
}
