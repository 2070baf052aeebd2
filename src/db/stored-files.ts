/**
 * The SHA-256 of what the bot has stored in the first bucket and read back: of the manifests of
 * backups, and of change files until the second copy has them. The second copy takes nothing else,
 * whatever stands in the first bucket by then. In bucket_notes, a row for each file.
 */
import { all, type Query, type Statement, sql } from './database.ts';

const PREFIX = 'stored:';
/** Names of manifests go on so (catalog/names.ts). */
const BACKUPS = 'anime_backup_';
/** More than are ever looked at: retention keeps fewer. */
const MOST_BACKUPS = 1_000;
/** Change files go on so, then comes the timeline (changes/change-names.ts). */
const CHANGES = 'changes/';
/**
 * Change files that a second copy lacks before the bot forgets them all, so that a second copy that
 * is away for ever does not fill the database: some 10 MB.
 */
const MOST_CHANGES = 50_000;

export interface StoredFile {
  /** Its key without the bucket's prefix. */
  readonly file: string;
  /** Of its stored bytes, hex. */
  readonly sha256: string;
}

/** Before the manifest is put: from then on the bucket cannot tell otherwise. */
export function rememberManifest({ file, sha256 }: StoredFile): Statement[] {
  const [from, to] = between(BACKUPS);
  return [
    // A name is one attempt's for ever.
    sql(
      `INSERT INTO bucket_notes (key, value) VALUES (?, ?)
       ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
      PREFIX + file,
      sha256,
    ),
    sql(
      `DELETE FROM bucket_notes WHERE key >= ?1 AND key < ?2 AND key <=
         (SELECT key FROM bucket_notes WHERE key >= ?1 AND key < ?2 ORDER BY key DESC LIMIT 1 OFFSET ?3)`,
      from,
      to,
      MOST_BACKUPS,
    ),
  ];
}

/**
 * Behind the statement that records how the run ended: one that failed stored nothing, and another
 * database's backup may have the name by then. That of a run that made one stays.
 */
export function forgetFailed(run: string, file: string): Statement {
  return sql(
    `DELETE FROM bucket_notes WHERE key = ? AND EXISTS
       (SELECT 1 FROM backup_runs WHERE name = ? AND state = 'failed')`,
    PREFIX + file,
    run,
  );
}

/**
 * Behind the statement that writes into `change_state` that the file is stored, and only if it did.
 * Beside it stands, once for a timeline, the number of the first entry that is remembered of:
 * nobody knows what was stored before it.
 */
export function rememberChange(
  { file, sha256 }: StoredFile,
  { timeline, first }: { readonly timeline: string; readonly first: number },
): Statement[] {
  const row = (key: string, value: string): Statement =>
    sql(
      `INSERT OR IGNORE INTO bucket_notes (key, value) SELECT ?1, ?2 WHERE EXISTS
         (SELECT 1 FROM change_state WHERE id = 1 AND timeline = ?3 AND previous = ?4)`,
      key,
      value,
      timeline,
      JSON.stringify({ file, sha256 }),
    );
  return [row(`${PREFIX}${CHANGES}${timeline}/`, String(first)), row(PREFIX + file, sha256)];
}

/** By file, in a range of names that has both ends. */
export function storedFiles(from: string, to: string): Query<ReadonlyMap<string, string>> {
  const rows = all(
    sql(
      'SELECT key, value FROM bucket_notes WHERE key >= ? AND key <= ? ORDER BY key',
      PREFIX + from,
      PREFIX + to,
    ),
    (row) => [row.text('key').slice(PREFIX.length), row.text('value')] as const,
  );
  return { ...rows, parse: (found) => new Map(rows.parse(found)) };
}

/** `upTo`: by timeline, the last change file that the copy has; `kept` are still to be copied. */
export function forgetCopied(upTo: Readonly<Record<string, string>>, kept: readonly string[]): Statement[] {
  const [from, to] = between(CHANGES);
  const every = 'SELECT COUNT(*) FROM bucket_notes WHERE key >= ?1 AND key < ?2';
  return [
    ...Object.entries(upTo).map(([timeline, file]) =>
      sql(
        `DELETE FROM bucket_notes WHERE key > ?1 AND key <= ?2
           AND key NOT IN (SELECT value FROM json_each(?3))`,
        `${PREFIX}${CHANGES}${timeline}/`,
        PREFIX + file,
        JSON.stringify(kept.map((one) => PREFIX + one)),
      ),
    ),
    sql(`DELETE FROM bucket_notes WHERE key >= ?1 AND key < ?2 AND (${every}) > ?3`, from, to, MOST_CHANGES),
  ];
}

/**
 * For a copy that begins anew: it lacks files whose memory went when the old one had them, and they
 * must not look like somebody else's.
 */
export function forgetSince(): Statement {
  const [from, to] = between(CHANGES);
  return sql("DELETE FROM bucket_notes WHERE key >= ? AND key < ? AND key LIKE '%/'", from, to);
}

/** Every key that begins so. */
function between(start: string): [string, string] {
  const from = PREFIX + start;
  const end = from.slice(0, -1) + String.fromCharCode(from.charCodeAt(from.length - 1) + 1);
  return [from, end];
}
