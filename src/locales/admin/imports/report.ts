/** The report of an import as lines; each language gives its words. */
import type { ImportReport } from '../../../backup/import.ts';
import { cutText, type Html, html, join } from '../../../html.ts';

interface ReportWords {
  readonly tables: Readonly<Record<string, string>>;
  readonly added: string;
  readonly changed: string;
  readonly same: string;
  readonly kept: string;
  readonly refused: string;
  readonly notTaken: string;
  readonly leftAside: string;
}

/** Refusals shown in a message; the CLI lists more. */
const SHOWN = 8;

export function describeReport(report: ImportReport, words: ReportWords): Html {
  const lines = report.tables.map((table) => {
    const parts = (['added', 'changed', 'same', 'kept', 'refused'] as const).flatMap((kind) =>
      table[kind] > 0 ? [`${table[kind]} ${words[kind]}`] : [],
    );
    return html`<b>${words.tables[table.table] ?? table.table}</b>: ${parts.join(', ')}`;
  });
  if (report.refusals.length > 0) {
    lines.push(html`\n<b>${words.notTaken}</b>`);
    for (const { place, reason } of report.refusals.slice(0, SHOWN))
      lines.push(html`• <code>${cutText(`${place}: ${reason}`, 120).text}</code>`);
    if (report.refusals.length > SHOWN) lines.push(html`• …`);
  }
  if (report.leftAside.length > 0)
    lines.push(
      html`\n<i>${words.leftAside}: ${cutText(report.leftAside.map(({ table }) => table).join(', '), 300).text}</i>`,
    );
  return join(lines, '\n');
}
