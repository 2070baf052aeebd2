/**
 * CSV as spreadsheets and bots write it (RFC 4180): quotes, line breaks inside them, BOM, CRLF,
 * commas, semicolons or tabs. Pure.
 */

/** The column that says in which line (from 1) a row begins. */
export const LINE = '$line';

/** More is no list of anybody's; each row would be an object of as many names. */
const MOST_COLUMNS = 2_000;

/**
 * Rows as objects by the names of the first line, and their {@link LINE}. @throws when a quote is
 * not closed, a line has too many columns, or
 * two columns have one name
 */
export function readCsv(text: string): Map<string, string>[] {
  const plain = text.replace(/^\uFEFF/, '');
  const [header, ...rows] = cells(plain, separatorOf(plain));
  const names = (header?.cells ?? []).map((name, i) => name.trim() || `column ${i + 1}`);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw new Error(`two columns are called ${JSON.stringify(twice)}: rename or remove one`);
  return rows
    .filter(({ cells }) => cells.some((cell) => cell !== ''))
    .map(({ cells, line }) =>
      new Map(names.map((name, i) => [name, cells[i] ?? ''])).set(LINE, String(line)),
    );
}

/** The commonest of the three in the first line, outside quotes. */
function separatorOf(text: string): string {
  const line = (/^(?:"[^"]*"|[^"\r\n])*/.exec(text)?.[0] ?? '').replaceAll(/"[^"]*"/g, '');
  const count = (separator: string): number => line.split(separator).length;
  return [',', ';', '\t'].reduce((best, one) => (count(one) > count(best) ? one : best));
}

interface Line {
  readonly line: number;
  readonly cells: readonly string[];
}

function cells(text: string, separator: string): Line[] {
  const rows: Line[] = [];
  let row: string[] = [];
  let at = 0;
  let line = 1;
  let next = 1;
  while (at < text.length) {
    let cell: string;
    if (text[at] === '"') {
      const end = closingQuote(text, at + 1);
      cell = text.slice(at + 1, end).replaceAll('""', '"');
      next += cell.split(/\r\n|\n|\r/).length - 1;
      at = end + 1;
    } else {
      const start = at;
      while (at < text.length && text[at] !== separator && text[at] !== '\n' && text[at] !== '\r') at += 1;
      cell = text.slice(start, at);
    }
    row.push(cell);
    if (row.length > MOST_COLUMNS)
      throw new Error(`line ${line} has more than ${MOST_COLUMNS} columns: this is no list of rows`);
    if (text[at] === separator) {
      at += 1;
      if (at < text.length) continue;
      row.push('');
    }
    if (text[at] === '\r') at += 1;
    if (text[at] === '\n') at += 1;
    rows.push({ line, cells: row });
    row = [];
    next += 1;
    line = next;
  }
  return rows;
}

function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2))
    if (text[at + 1] !== '"') return at;
  throw new Error(`a quote is not closed: ${JSON.stringify(text.slice(from, from + 40))}`);
}
