/** What a database holds, as one word. */
import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';

/** Equal exactly when the contents are. */
export type State = string;

/** Each table with all its rows as one text. */
export type Contents = readonly { readonly name: string; readonly contents: string }[];

/** Moved on by backups, restores and shipping themselves. */
export const NOTES: readonly string[] = [
  'backup_lease',
  'backup_runs',
  'backup_requests',
  'bucket_notes',
  'change_log',
  'change_state',
  'job_leases',
];
/** Numbers of AUTOINCREMENT: a change file brings them, less those of tables under way. */
export const SEQUENCES_SQL = `SELECT name, CAST(seq AS TEXT) AS contents FROM sqlite_sequence
  WHERE name NOT IN (${NOTES.map((name) => `'${name}'`).join(', ')})
    AND name NOT GLOB 'restoring_*' AND name NOT GLOB 'importing_*' ORDER BY name`;

export function stateOf(contents: Contents): State {
  return wordOf(contents.map((table) => `${table.name}\n${table.contents}`));
}

/** What a replay of change files must bring back: search tables are made anew. */
export function pointOf(contents: Contents, sequences: Contents): State {
  return stateOf([...contents.filter(({ name }) => !isDerived(name)), ...sequences]);
}

/** Belongs to another table and goes with it. */
function isDerived(name: string): boolean {
  return name.startsWith('sqlite_') || /_(data|idx|content|docsize|config)$/.test(name);
}

export interface Held {
  readonly state: State;
  readonly point: State;
}

export function heldBy(db: DatabaseSync, contentsSql: string): Held {
  const rows = (text: string): Contents =>
    db
      .prepare(text)
      .all()
      .map((row) => ({ name: String(row['name']), contents: String(row['contents']) }));
  const contents = rows(contentsSql);
  return { state: stateOf(contents), point: pointOf(contents, rows(SEQUENCES_SQL)) };
}

function wordOf(texts: readonly string[]): State {
  return createHash('sha256').update(texts.join('\n\n')).digest('hex').slice(0, 16);
}
