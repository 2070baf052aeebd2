/**
 * One spelling for names that people write in many ways: Uzbek Latin (any apostrophe, or none),
 * Uzbek Cyrillic, Russian and English transcriptions of Japanese. The same folding is done when an
 * anime is written and when somebody searches, so that both meet (SQLite has no such function, and
 * Turso takes none of ours).
 *
 * The result has only a-z, 0-9 and letters of scripts not known here, in words separated by single
 * spaces. It is for comparing only.
 */

/**
 * The Cyrillic letters of Uzbek, Russian and their neighbours. Letters that Uzbek Latin writes
 * alike become alike.
 */
const CYRILLIC: Readonly<Record<string, string>> = {
  а: 'a', б: 'b', в: 'v', г: 'g', д: 'd', е: 'e', ё: 'yo', ж: 'j', з: 'z', и: 'i', й: 'y', к: 'k', л: 'l',
  м: 'm', н: 'n', о: 'o', п: 'p', р: 'r', с: 's', т: 't', у: 'u', ф: 'f', х: 'h', ц: 'ts', ч: 'ch', ш: 'sh',
  щ: 'sh', ъ: '', ы: 'i', ь: '', э: 'e', ю: 'yu', я: 'ya', ў: 'o', қ: 'k', ғ: 'g', ҳ: 'h', ң: 'n', ө: 'o',
  ү: 'u', ұ: 'u', і: 'i', ї: 'i', є: 'e', ә: 'a', ґ: 'g', һ: 'h',
}; // biome-ignore format: a table reads better in rows

/**
 * Latin letters that stand for another, or that no decomposition turns into a-z. y as in Tokyo,
 * Токио, Tokio and iya, ия.
 */
const LATIN: Readonly<Record<string, string>> = {
  q: 'k',
  w: 'v',
  x: 'h',
  y: 'i',
  ı: 'i',
  ł: 'l',
  ø: 'o',
  đ: 'd',
  ß: 'ss',
  æ: 'e',
  œ: 'e',
  þ: 't',
  ð: 'd',
};

/**
 * Everything that people type for the tutuq belgisi and the comma of o‘ and g‘; it joins, never
 * separates.
 */
const APOSTROPHES = /['`´ʹʻʼʽˈˊˋ‘’‚‛′‵＇"“”]/g;

/**
 * Spellings of one sound, applied until nothing changes (each shortens the text or moves it to
 * fewer letters).
 */
const SPELLINGS: readonly (readonly [RegExp, string])[] = [
  [/sch|tch/g, 'ch'],
  [/dzh|zh|dj/g, 'j'],
  [/ph/g, 'f'],
  [/kh/g, 'h'],
  [/gh/g, 'g'],
  [/tz/g, 'ts'],
  [/c(?![eih])/g, 'k'],
  [/c(?=[ei])/g, 's'],
  [/ou/g, 'o'],
  // yer, ер
  [/ie/g, 'e'],
  // A doubled letter sounds like one, and people often mistype it (Shippuden, Шипуден).
  [/([^\d\s])\1+/g, '$1'],
];

/** Folds a name or a query. `fold(fold(x)) = fold(x)`. */
export function fold(text: string): string {
  let folded = plain(text);
  for (let before = ''; before !== folded; ) {
    before = folded;
    for (const [spelling, sound] of SPELLINGS) folded = folded.replaceAll(spelling, sound);
    // Some letters decompose into letters that fold on.
    folded = plain(folded);
  }
  return folded;
}

function plain(text: string): string {
  return (
    text
      // First: some of them decompose into a space and a mark.
      .replaceAll(APOSTROPHES, '')
      .normalize('NFKC')
      .toLowerCase()
      .replaceAll(/\p{Script=Cyrillic}/gu, (letter) => CYRILLIC[letter] ?? letter)
      .normalize('NFKD')
      .replaceAll(/\p{M}/gu, '')
      .replaceAll(/[qwxyıłøđßæœþð]/g, (letter) => LATIN[letter] ?? letter)
      .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
      .trim()
  );
}

/**
 * What remains of folded words without vowels: `naruto`, `naroto` and `naurto` sound alike (`nrt`).
 * A first vowel stays, as `a`; words with fewer than two letters left say nothing and go.
 */
export function soundOf(folded: string): string {
  return folded
    .split(' ')
    .map((word) => {
      const skeleton = word.replace(/^[aeiou]+/, 'A').replaceAll(/[aeiou]/g, '');
      return skeleton.toLowerCase().replaceAll(/([^\d])\1+/g, '$1');
    })
    .filter((word) => word.length > 1)
    .join(' ');
}
