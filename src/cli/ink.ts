/**
 * Colours that nobody can forge. A command paints with a mark of this process; {@link inked} turns
 * it into the terminal's escape character after it made every other control character visible. Node
 * only.
 */
import { randomBytes } from 'node:crypto';
import pc from 'picocolors';
import { visible } from '../text/visible.ts';

/** https://www.unicode.org/faq/private_use.html: plane 15. */
const PRIVATE_USE = 0xf0000;
/** Stands for ESC; no text from outside can hold it. */
const MARK = String.fromCodePoint(...Array.from(randomBytes(16), (byte) => PRIVATE_USE + byte));
const ESCAPE = '\u001b';
const CODES = new RegExp(`${MARK}\\[[0-9;]*m`, 'gu');

type Paint = (text: string) => string;
const PAINTS = ['bold', 'dim', 'red', 'green', 'yellow', 'cyan'] as const;
export type Colors = Readonly<Record<(typeof PAINTS)[number], Paint>>;

export function createColors(isEnabled: boolean): Colors {
  const colors = pc.createColors(isEnabled);
  const paint = (name: (typeof PAINTS)[number]): Paint => {
    const [open = '', close = ''] = colors[name]('\0').replaceAll(ESCAPE, MARK).split('\0');
    // What is painted inside ends with its own code, which may be this one's, too.
    return (text) => open + (close === '' ? text : text.replaceAll(close, close + open)) + close;
  };
  return {
    bold: paint('bold'),
    dim: paint('dim'),
    red: paint('red'),
    green: paint('green'),
    yellow: paint('yellow'),
    cyan: paint('cyan'),
  };
}

/** A line as the terminal gets it. */
export function inked(line: string): string {
  return line.split(MARK).map(visible).join(ESCAPE);
}

/** What takes room on the terminal. */
export function uninked(text: string): string {
  return text.replaceAll(CODES, '');
}
