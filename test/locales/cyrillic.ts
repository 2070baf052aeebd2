/**
 * Uzbek from Latin to Cyrillic letters: what the Cyrillic catalogue says, since it follows the
 * Latin one word by word.
 */

/** Words that Cyrillic writes in its own way. */
const OWN: readonly (readonly [RegExp, string])[] = [
  [/obyekt/g, 'объект'],
  [/ompyuter/g, 'омпьютер'],
  [/albom/g, 'альбом'],
];

/** What stays in Latin letters: markup, code, values, commands, files, and the names below. */
const KEPT =
  /(<code>.*?<\/code>|<[^>]*>|\{[\w.]*\}|[/@][a-z_]+|\.db|\b(?:docs\/[\w.-]+\.md|mkv|cron|Telegram|[Ww]ebhook|Cloudflare|JSON|UTF|UTC|NUL|ID|BOT_TOKEN|BOT_INFO|ADMIN_IDS|PUBLIC_URL|Worker))/;

const PAIRS: Readonly<Record<string, string>> = {
  'o‘': 'ў',
  'g‘': 'ғ',
  sh: 'ш',
  ch: 'ч',
  ya: 'я',
  ye: 'е',
  yo: 'ё',
  yu: 'ю',
  a: 'а',
  b: 'б',
  d: 'д',
  e: 'е',
  f: 'ф',
  g: 'г',
  h: 'ҳ',
  i: 'и',
  j: 'ж',
  k: 'к',
  l: 'л',
  m: 'м',
  n: 'н',
  o: 'о',
  p: 'п',
  q: 'қ',
  r: 'р',
  s: 'с',
  t: 'т',
  u: 'у',
  v: 'в',
  x: 'х',
  y: 'й',
  z: 'з',
};

export function cyrillic(text: string): string {
  return text
    .split(KEPT)
    .map((piece, i) => (i % 2 === 0 ? letters(piece) : piece))
    .join('');
}

function letters(text: string): string {
  return OWN.reduce((spelt, [word, own]) => spelt.replaceAll(word, own), text)
    .replaceAll(/(?<![\p{L}‘’])e/gu, 'э')
    .replaceAll(/(?<![\p{L}‘’])E/gu, 'Э')
    .replaceAll(/(?<=[a-z])’(?=[a-z])/g, 'ъ')
    .replaceAll(/o‘|g‘|sh|ch|y(?:o(?!‘)|[aeu])|[a-z]/gi, (found) => {
      const letter = PAIRS[found.toLowerCase()] ?? found;
      return /^[A-Z]/.test(found) ? letter.toUpperCase() : letter;
    });
}
