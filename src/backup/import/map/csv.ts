/** CSV as spreadsheets and bots write it (RFC 4180): quotes, line breaks inside them, BOM, CRLF, commas, semicolons or tabs. Pure. */

/** Rows as objects by the names of the first line. @throws when a quote is not closed */
export function readCsv(text: string): Map<string, string>[] {
  const plain = text.replace(/^\uFEFF/, '');
  const [header = [], ...rows] = cells(plain, separatorOf(plain));
  const names = header.map((name, i) => name.trim() || `column ${i + 1}`);
  return rows
    .filter((row) => row.some((cell) => cell !== ''))
    .map((row) => new Map(names.map((name, i) => [name, row[i] ?? ''])));
}

/** The commonest of the three in the first line, outside quotes. */
function separatorOf(text: string): string {
  const line = (/^(?:"[^"]*"|[^"\r\n])*/.exec(text)?.[0] ?? '').replaceAll(/"[^"]*"/g, '');
  const count = (separator: string): number => line.split(separator).length;
  return [',', ';', '\t'].reduce((best, one) => (count(one) > count(best) ? one : best));
}

function cells(text: string, separator: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    let cell: string;
    if (text[at] === '"') {
      const end = closingQuote(text, at + 1);
      cell = text.slice(at + 1, end).replaceAll('""', '"');
      at = end + 1;
    } else {
      const start = at;
      while (at < text.length && text[at] !== separator && text[at] !== '\n' && text[at] !== '\r') at += 1;
      cell = text.slice(start, at);
    }
    row.push(cell);
    if (text[at] === separator) {
      at += 1;
      if (at < text.length) continue;
      row.push('');
    }
    if (text[at] === '\r') at += 1;
    if (text[at] === '\n') at += 1;
    rows.push(row);
    row = [];
  }
  return rows;
}

function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2))
    if (text[at + 1] !== '"') return at;
  throw new Error(`a quote is not closed: ${JSON.stringify(text.slice(from, from + 40))}`);
}
