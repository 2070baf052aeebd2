/**
 * The audit log as lines; each language brings its words. The log itself keeps names of fields and
 * numbers.
 */
import type { Audited } from '../../../db/audit-log.ts';
import { type Html, html, join } from '../../../text/html.ts';

export interface Entry {
  readonly at: string;
  readonly name: string;
  readonly action: Audited | undefined;
  readonly subject: string;
}

interface AuditWords {
  /** The bot's name for its own deeds. */
  readonly bot: string;
  readonly actions: Readonly<Record<Audited, string>>;
  /** Fields of an anime. */
  readonly fields: Readonly<Record<string, string>>;
  /** So many of them. */
  readonly anime: (count: string) => string;
}

/** The user id of the bot's own deeds (src/jobs/empty-trash.ts). */
const BOT = '0';

export function auditLines(entries: readonly Entry[], words: AuditWords): Html {
  return join(
    entries.map(({ at, name, action, subject }) => {
      const what = subjectOf(action, subject, words);
      return html`<code>${at.slice(0, 16)}</code> ${name === BOT ? words.bot : name}: ${action === undefined ? '?' : words.actions[action]}${what === '' ? '' : ` — ${what}`}`;
    }),
    '\n',
  );
}

function subjectOf(action: Audited | undefined, subject: string, { fields, anime }: AuditWords): string {
  if (action === 'exported') return anime(subject);
  if (action?.startsWith('broadcast-') === true) return `№ ${subject}`;
  const colon = subject.lastIndexOf(': ');
  if (action !== 'anime-edited' || colon < 0) return subject;
  const changed = subject.slice(colon + 2).split(', ');
  return `${subject.slice(0, colon)}: ${changed.map((field) => fields[field] ?? field).join(', ')}`;
}
