/**
 * Puts what the search found in order: the name itself, names that begin so, names that hold the
 * words, then names mistyped.
 */

import { isWithin } from '../text/edit-distance.ts';
import { soundOf } from '../text/uzbek-fold.ts';
import type { Candidate } from './search.ts';
import { wholeWords } from './search-query.ts';

/**
 * Best first, without candidates that merely share letters with the query. (For a name that was
 * typed right the database brings no such guesses.)
 */
export function rankFound(folded: string, candidates: readonly Candidate[]): Candidate[] {
  return candidates
    .map((candidate) => ({ candidate, score: scoreOf(folded, candidate) }))
    .filter(({ score }) => score > 0)
    .sort(
      (a, b) =>
        b.score - a.score ||
        b.candidate.views - a.candidate.views ||
        a.candidate.folded.length - b.candidate.folded.length ||
        a.candidate.id - b.candidate.id,
    )
    .map(({ candidate }) => candidate);
}

const EXACT = 1000;
const BEGINS = 800;
const WORDS = 600;
/** All words, some of them in the description only. */
const DESCRIBED = 150;
/** A name must account for this share of the query's letters: `naruto uzumaki` finds Naruto. */
const ACCOUNTED = 0.45;

function scoreOf(folded: string, candidate: Candidate): number {
  const names = [candidate.folded, ...candidate.names.split('\n')].filter((name) => name !== '');
  // A name other than the title counts one less.
  const best = highest(names, (name, i) => scoreOfName(folded, name) - Math.min(i, 1));
  // The database searches descriptions by whole words, so its hits there stand without any likeness
  // of names.
  return best > 0 ? best : candidate.isDescribed ? DESCRIBED : 0;
}

/** The highest figure of any of them, or 0. */
function highest(texts: readonly string[], figure: (text: string, i: number) => number): number {
  let best = 0;
  for (const [i, text] of texts.entries()) best = Math.max(best, figure(text, i));
  return best;
}

function scoreOfName(folded: string, name: string): number {
  if (name === folded) return EXACT;
  if (name.startsWith(`${folded} `)) return BEGINS + 50;
  if (name.startsWith(folded)) return BEGINS;
  const asked = folded.split(' ');
  const words = name.split(' ');
  const isWhole = wholeWords(asked);
  const isThere = (word: string, i: number): boolean =>
    words.some((other) => (isWhole[i] ? other === word : other.startsWith(word)));
  if (asked.every(isThere)) return WORDS;
  return mistyped(asked, words);
}

/**
 * Up to 400 for a name whose words are almost right; 0 when it accounts for too few of the query's
 * letters.
 */
function mistyped(asked: readonly string[], words: readonly string[]): number {
  let letters = 0;
  let found = 0;
  for (const [i, word] of asked.entries()) {
    letters += word.length;
    const isLast = i === asked.length - 1;
    found += highest(words, (other) => likeness(word, other, isLast));
  }
  const glued = likeness(asked.join(''), words.join(''), true);
  const share = Math.max(found, glued) / letters;
  return share >= ACCOUNTED ? Math.round(share * 400) : 0;
}

/** Letters of `word` that `other` accounts for: all, all but the typos it may have, or none. */
function likeness(word: string, other: string, mayBeUnfinished: boolean): number {
  if (other === word) return word.length;
  if (mayBeUnfinished && other.startsWith(word)) return word.length;
  const typos = word.length >= 8 ? 2 : word.length >= 4 ? 1 : 0;
  if (typos === 0) return 0;
  for (let allowed = 1; allowed <= typos; allowed++) {
    if (isWithin(word, other, allowed)) return word.length - allowed;
    if (!mayBeUnfinished) continue;
    for (const length of [word.length, word.length + 1, word.length - 1])
      if (length < other.length && isWithin(word, other.slice(0, length), allowed))
        return word.length - allowed - 0.5;
  }
  return soundsAlike(word, other) ? word.length - typos - 0.5 : 0;
}

function soundsAlike(word: string, other: string): boolean {
  const sound = soundOf(word);
  return sound.length > 2 && sound === soundOf(other) && Math.abs(word.length - other.length) < 3;
}
