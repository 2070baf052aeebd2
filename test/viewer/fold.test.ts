/** Names fold alike however they are written. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { foldQuery, searchTerms } from '../../src/db/search-query.ts';
import { isWithin } from '../../src/text/edit-distance.ts';
import { nameOf, searchText } from '../../src/text/search-text.ts';
import { fold, soundOf } from '../../src/text/uzbek-fold.ts';

/** The Uzbek alphabets side by side (1995 Latin with the apostrophe as typed, Cyrillic). */
const UZBEK: readonly (readonly [string, string])[] = [
  ['a', 'а'], ['b', 'б'], ['d', 'д'], ['e', 'э'], ['f', 'ф'], ['g', 'г'], ['h', 'ҳ'], ['i', 'и'], ['j', 'ж'],
  ['k', 'к'], ['l', 'л'], ['m', 'м'], ['n', 'н'], ['o', 'о'], ['p', 'п'], ['q', 'қ'], ['r', 'р'], ['s', 'с'],
  ['t', 'т'], ['u', 'у'], ['v', 'в'], ['x', 'х'], ['y', 'й'], ['z', 'з'], ['o‘', 'ў'], ['g‘', 'ғ'],
  ['sh', 'ш'], ['ch', 'ч'], ['yo', 'ё'], ['yu', 'ю'], ['ya', 'я'], ['ye', 'е'],
]; // biome-ignore format: pairs

const APOSTROPHES = ["'", '‘', '’', 'ʻ', 'ʼ', '`', '´', ''];

describe('folding', () => {
  test('an Uzbek word in Latin, with any apostrophe, and in Cyrillic fold alike', () => {
    const letter = fc.constantFrom(...UZBEK);
    const apostrophe = fc.constantFrom(...APOSTROPHES);
    fc.assert(
      fc.property(fc.array(letter, { minLength: 1, maxLength: 12 }), apostrophe, (letters, mark) => {
        const latin = letters
          .map(([text]) => text)
          .join('')
          .replaceAll('‘', mark);
        const cyrillic = letters.map(([, text]) => text).join('');
        // s + h is written s’h where it is two sounds; Cyrillic сҳ and ш stay apart only there.
        fc.pre(!/[sc]h/.test(latin) || /[шч]/.test(cyrillic));
        expect(fold(latin.toUpperCase())).toBe(fold(cyrillic));
        expect(fold(cyrillic.toUpperCase())).toBe(fold(cyrillic));
      }),
      { numRuns: 2000 },
    );
  });

  test('folding what is folded changes nothing, and nothing but words comes out', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })), (text) => {
        const folded = fold(text);
        expect(fold(folded)).toBe(folded);
        expect(folded).not.toMatch(/[^\p{L}\p{N} ]|^ | $| {2}/u);
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    ["o'lim daftari", 'Ўлим дафтари'],
    ['oʻlim', 'o‘lim'],
    ['olim', 'ўлим'],
    ['naruto shippuden', 'Наруто: Шиппуден'],
    ['naruto shippuuden', 'Naruto Shippūden'],
    ['shonen', 'Shōnen'],
    ['shounen', 'shonen'],
    ['Tokyo', 'Токио'],
    ['Kyoto', 'Киото'],
    ['Hunter x Hunter', 'ХАНТЕР х ХАНТЕР'.replaceAll('А', 'У')],
    ['Code', 'Код'.concat('э')],
    ['G‘alaba', 'ғалаба'],
    ['yer osti', 'ер ости'],
    ['ＮＡＲＵＴＯ', 'naruto'],
    ['JoJo', 'ДжоДжо'],
    ['Is’hoq', 'ISHOQ'],
  ])('%s = %s', (one, other) => {
    expect(fold(one)).toBe(fold(other));
  });

  test.each([
    ['naruto', 'boruto'],
    ['12', '21'],
    ['one', 'ona'],
  ])('%s stays apart from %s', (one, other) => {
    expect(fold(one)).not.toBe(fold(other));
  });

  test('what has no letters folds to nothing; scripts not known stay', () => {
    expect(fold('🔥!!! — …')).toBe('');
    expect(fold('進撃の巨人')).toBe('進撃の巨人');
  });

  test('without vowels, mistyped vowels sound alike', () => {
    expect(soundOf(fold('naruto'))).toBe(soundOf(fold('naroto')));
    expect(soundOf(fold('naruto'))).toBe(soundOf(fold('naurto')));
    expect(soundOf(fold('shingeki'))).toBe(soundOf(fold('shengeki')));
    expect(soundOf('a e i')).toBe('');
  });
});

describe('typos', () => {
  /** The textbook recursion, as an oracle. */
  function distance(a: string, b: string): number {
    if (a === '' || b === '') return a.length + b.length;
    const cost = a.at(-1) === b.at(-1) ? 0 : 1;
    let best = Math.min(
      distance(a.slice(0, -1), b) + 1,
      distance(a, b.slice(0, -1)) + 1,
      distance(a.slice(0, -1), b.slice(0, -1)) + cost,
    );
    if (a.length > 1 && b.length > 1 && a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1))
      best = Math.min(best, distance(a.slice(0, -2), b.slice(0, -2)) + 1);
    return best;
  }

  test('isWithin agrees with the textbook', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 });
    fc.assert(
      fc.property(word, word, fc.integer({ min: 0, max: 3 }), (a, b, limit) => {
        expect(isWithin(a, b, limit)).toBe(distance(a, b) <= limit);
      }),
    );
  });
});

describe('what is searched', () => {
  test('a query fits a button, folds to itself, and its expressions hold nothing but quoted words', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.string({ unit: 'binary' })),
        (text) => {
          const query = foldQuery(text);
          expect(Buffer.byteLength(query)).toBeLessThanOrEqual(54);
          expect(query.isWellFormed()).toBe(true);
          const terms = searchTerms(query);
          for (const match of [terms.names, terms.anywhere, terms.sound])
            expect(match.replaceAll(/"[\p{L}\p{N}]*"|\{[a-z ]+\}|AND|OR|[:()* ]/gu, '')).toBe('');
        },
      ),
    );
  });

  test('an anime without a title goes by the first line of its description', () => {
    expect(nameOf({ title: null, description: '🎬 Nomi: Naruto\nJanr: jangari' })).toBe('Naruto');
    expect(nameOf({ title: ' ', description: '\n—\n«Ўлим дафтари» 1-fasl\nboshqa' })).toBe(
      'Ўлим дафтари» 1-fasl',
    );
    expect(nameOf({ title: 'Bleach', description: 'x' })).toBe('Bleach');
    expect(nameOf({ title: null, description: null })).toBeUndefined();
  });

  test('other names and names written together are searched too', () => {
    const text = searchText({
      title: 'One Piece',
      aliases: 'Ван Пис\n\n',
      description: 'Luffi',
      genres: 'Sarguzasht',
    });
    expect(text).toMatchObject({ title: 'one pese', about: 'lufi sarguzasht' });
    expect(text.names.split('\n')).toEqual(['van pis', 'onepese', 'vanpis']);
  });
});
