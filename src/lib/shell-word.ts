/** Texts from outside in commands that people copy into a shell. Pure. */

/** As a shell takes it for one word, whatever it holds. */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  // Double quotes serve cmd and PowerShell as well; what still means something inside them does not
  // inside single ones.
  return /["$`\\!%]/.test(text) ? `'${text.replaceAll("'", String.raw`'\''`)}'` : `"${text}"`;
}

/** Control characters, and those that turn the direction of a text or break its line. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** A file's name as an argument; `FILE` for a name that no screen shows as it is. */
export function fileWord(name: string): string {
  if (UNPRINTABLE.test(name)) return 'FILE';
  return shellWord(name.startsWith('-') ? `./${name}` : name);
}
