/** What somebody typed -> what to ask FTS5. */

import { fold, soundOf } from '../text/uzbek-fold.ts';
import type { SearchTerms } from './search.ts';

/**
 * Bytes of a folded query that fit a button beside its tag, page and gate tag (64 in all, see
 * callback-data.ts).
 */
const QUERY_BYTES = 54;
/** More words cost more and mean nothing. */
const MAX_WORDS = 8;
const MAX_GRAMS = 24;
/** FTS5 for a phrase that no row has. */
const NOTHING = '""';

/**
 * The query as buttons carry it: folded, and cut at a whole character. Empty when nothing is left
 * to search for.
 */
export function foldQuery(text: string): string {
  const words = text
    .slice(0, 400)
    .split(/\s+/)
    .map(foldWord)
    .filter((word) => word !== '');
  let folded = '';
  for (const char of words.join(' ').split(' ').slice(0, MAX_WORDS).join(' ')) {
    if (Buffer.byteLength(folded + char) > QUERY_BYTES) break;
    folded += char;
  }
  return folded.trim();
}

/**
 * Folding turns `zzzz` into `z`, and every name with a z would match its beginning. A word of one
 * repeated letter names nothing: it stays a run, which no folded name has.
 */
function foldWord(word: string): string {
  const folded = fold(word);
  return /^[a-z]$/.test(folded) && /\p{L}{3}/u.test(word) ? folded.repeat(3) : folded;
}

/**
 * Tells for each word of a query whether it stands for whole words only. A single letter may be
 * unfinished at the end of a longer query, or alone; among others of its kind (`<b>x</b>`) it would
 * begin some word of almost any name.
 */
export function wholeWords(words: readonly string[]): boolean[] {
  const isLetter = (word: string): boolean => /^[a-z]$/.test(word);
  const mayEnd = words.length === 1 || words.some((word) => !isLetter(word));
  return words.map((word, i) => isLetter(word) && !(mayEnd && i === words.length - 1));
}

/** Shorter words of our alphabet occur in too many descriptions to mean one. */
const TELLING = /[^a-z]|.{3}/;

/**
 * What to ask FTS5. `folded` comes from {@link foldQuery}, or from a button: a client can forge
 * those, so every word is quoted here.
 */
export function searchTerms(folded: string): SearchTerms {
  const words = folded.split(' ').filter((word) => word !== '');
  const glued = words.join('');
  const isWhole = wholeWords(words);
  const prefixes = words.map((word, i) => `${phrase(word)}${isWhole[i] ? '' : ' *'}`).join(' AND ');
  const sounds = soundOf(folded)
    .split(' ')
    .filter((sound) => sound.length > 1);
  return {
    folded,
    names:
      words.length === 0
        ? NOTHING
        : words.length === 1
          ? `{title names} : (${prefixes})`
          : `{title names} : ((${prefixes}) OR ${phrase(glued)} *)`,
    anywhere: !words.some((word) => TELLING.test(word)) ? NOTHING : `{title names about} : (${prefixes})`,
    sound:
      sounds.length === 0
        ? NOTHING
        : `{sound} : (${sounds.map((sound, i) => `${phrase(sound)}${i === sounds.length - 1 && sound.length > 2 ? ' *' : ''}`).join(' AND ')})`,
    grams: gramsOf(words.length > 1 ? [...words, glued] : words),
  };
}

/**
 * A string of FTS5, whatever the word holds (sqlite.org/fts5.html 3.1); a NUL would end the
 * expression.
 */
function phrase(word: string): string {
  return `"${word.replaceAll('\0', '').replaceAll('"', '""')}"`;
}

function gramsOf(words: readonly string[]): string[] {
  const grams = new Set<string>();
  for (const word of words) {
    const letters = [...word];
    for (let i = 0; i + 3 <= letters.length && grams.size < MAX_GRAMS; i++)
      grams.add(letters.slice(i, i + 3).join(''));
  }
  return [...grams];
}
