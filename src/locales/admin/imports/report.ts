/** The report of an import as lines; each language brings its words. */
import type { Reason, ReasonCode } from '../../../backup/document/reasons.ts';
import type { ImportReport } from '../../../backup/import/import.ts';
import { cutText, type Html, html, join } from '../../../text/html.ts';

interface ReportWords {
  readonly tables: Readonly<Record<string, string>>;
  readonly added: string;
  readonly changed: string;
  readonly same: string;
  readonly kept: string;
  readonly refused: string;
  readonly notTaken: string;
  /** Heading of values that were taken, but changed. */
  readonly mended: string;
  readonly leftAside: string;
  readonly reason: (reason: Reason) => string;
}

/** The words for each reason in a language; `{}` stands for the detail. */
export type ReasonTexts = Readonly<Record<ReasonCode, string>>;

export function reasonIn(texts: ReasonTexts): ReportWords['reason'] {
  return ({ code, detail }) => texts[code].replace('{}', () => detail);
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
  const refused = report.tables.reduce((sum, table) => sum + table.refused, 0);
  const { leftOut, mended } = report.values;
  lines.push(...listed(report, words, words.notTaken, (what) => what !== 'mended', refused + leftOut));
  lines.push(...listed(report, words, words.mended, (what) => what === 'mended', mended));
  const aside = dataLeftAside(report).map(({ table: place, rows }) => {
    // A table, or a column of one.
    const [table = '', column] = place.split('.');
    return `${words.tables[table] ?? table}${column === undefined ? '' : `: ${column}`} (${rows})`;
  });
  if (aside.length > 0)
    lines.push(html`\n${words.leftAside}: <code>${cutText(aside.join(', '), 300).text}</code>`);
  return join(lines, '\n');
}

/** The first few with their places, and the number of all. */
function listed(
  { refusals }: ImportReport,
  words: ReportWords,
  heading: string,
  isMeant: (what: ImportReport['refusals'][number]['what']) => boolean,
  all: number,
): Html[] {
  if (all === 0) return [];
  const shown = refusals.filter(({ what }) => isMeant(what)).slice(0, SHOWN);
  const lines = shown.map(
    (refusal) =>
      html`• <code>${cutText(refusal.place, 60).text}</code>: ${cutText(words.reason(refusal), 100).text}`,
  );
  return [html`\n<b>${heading} (${all})</b>`, ...lines, ...(all > shown.length ? [html`• …`] : [])];
}

/**
 * Whether the file adds nothing: no row was refused, and none differs and keeps the database's
 * value.
 */
export function isAllThere(report: ImportReport): boolean {
  const { tables, values } = report;
  const differs = tables.some(({ refused, kept }) => refused + kept > 0);
  return !differs && values.leftOut + values.mended === 0 && dataLeftAside(report).length === 0;
}

/** Without the program's own tables: nobody misses those. */
function dataLeftAside({ leftAside }: ImportReport): ImportReport['leftAside'] {
  return leftAside.filter(({ isState }) => isState !== true);
}
