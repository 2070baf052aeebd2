/**
 * Opening a SQLite file that somebody else may have made: nothing in it is executed, and no value
 * in it is larger than the file.
 */
import { appendFileSync, existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { constants, DatabaseSync } from 'node:sqlite';
import { CostsTooMuch } from './errors.ts';
import { isSafeModule } from './schema-text.ts';

export interface ForeignDatabase {
  readonly db: DatabaseSync;
  /** From now on (until `false`) only what one CREATE statement does is allowed. */
  creating(isCreating: boolean): void;
  close(): void;
}

export interface ForeignOptions {
  /** `write`: a scratch file of our own that is filled or put in order. */
  readonly mode: 'read' | 'write';
  /** Size of what the file is or is made from, bytes. */
  readonly bytes: number;
  /** Another database that is compared with it, under the name `second`. */
  readonly second?: string;
}

const LEAST_VALUE = 1_000_000;
/** Twice what the longest row of a backup may be (document/format.ts). */
const MOST_VALUE = 600_000_000;
/**
 * A stored value is in the file; shown as hex it is twice, and some of our own queries put rows
 * together.
 */
const VALUE_PER_BYTE = 4;
const MOST_SQL = 2_000_000;
const PAGE_BYTES = 4096;
/**
 * With SQLite's own 2 MB, looking up what a row refers to takes twice as long: nearly every page is
 * read again.
 */
const CACHE_KIB = 64 * 1024;
/** A table, with a dozen indexes over all of it. */
const GROWTH = 16;
const LEAST_GROWTH = 16_000_000;

/**
 * Functions that reach out of the database. Node's build has the first alone; another one may have
 * the others.
 */
const REFUSED_FUNCTIONS: ReadonlySet<string> = new Set([
  'load_extension',
  'readfile',
  'writefile',
  'edit',
  'fts3_tokenizer',
]);
const PRAGMAS_OF_MODULES: ReadonlySet<string> = new Set(['data_version', 'page_size']);
/** What our own statements ask and set. */
const ALLOWED_PRAGMAS: ReadonlySet<string> = new Set([
  ...PRAGMAS_OF_MODULES,
  'application_id',
  'encoding',
  'foreign_key_check',
  'foreign_key_list',
  'freelist_count',
  'index_info',
  'index_list',
  'index_xinfo',
  'integrity_check',
  'max_page_count',
  'page_count',
  'schema_version',
  'table_info',
  'table_xinfo',
  'user_version',
]);

/**
 * @throws {@link Damaged} for a file that is no database. Errors of its statements are SQLite's
 * own: `not authorized` where something is refused, `string or blob too big` where a value is
 * computed that the file cannot hold.
 */
export function openForeign(path: string, { mode, bytes, second }: ForeignOptions): ForeignDatabase {
  const isNew = !existsSync(path);
  const db = new DatabaseSync(path, {
    readOnly: mode === 'read',
    defensive: true,
    allowExtension: false,
    enableForeignKeyConstraints: false,
    // Old programs wrote "literals" in the SQL of their tables.
    enableDoubleQuotedStringLiterals: true,
    limits: {
      length: Math.min(MOST_VALUE, LEAST_VALUE + bytes * VALUE_PER_BYTE),
      sqlLength: MOST_SQL,
      attach: second === undefined ? 0 : 1,
    },
  });
  try {
    db.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
    db.exec('PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA ignore_check_constraints = ON');
    if (mode === 'write') {
      db.exec('PRAGMA synchronous = OFF');
      // Of a new file only what a statement of many rows may undo, which else goes to a file of its
      // own. (Defensive mode refuses OFF.)
      if (isNew) db.exec('PRAGMA journal_mode = MEMORY');
      const pages = Math.ceil((LEAST_GROWTH + bytes * GROWTH) / PAGE_BYTES);
      db.exec(`PRAGMA max_page_count = ${pages}`);
    }
    if (second !== undefined) db.prepare('ATTACH ? AS second').run(second);
  } catch (error) {
    db.close();
    throw error;
  }
  let isCreating = false;
  db.setAuthorizer((action, first, other, database, within) =>
    isAllowed({ action, first, other, database }, isCreating) &&
    (within === null || (mode === 'read' && within === OWN_SUBQUERY))
      ? constants.SQLITE_OK
      : constants.SQLITE_DENY,
  );
  return {
    db,
    creating(value) {
      isCreating = value;
    },
    close: () => db.close(),
  };
}

/** Of a file that is there already. @throws a fault of this machine where it is gone */
export function openForeignFile(path: string, mode: ForeignOptions['mode'] = 'read'): ForeignDatabase {
  const bytes = statSync(path, { throwIfNoEntry: false })?.size;
  if (bytes === undefined)
    throw Object.assign(new Error(`database file ${path} does not exist`), { code: 'ENOENT' });
  return openForeign(path, { mode, bytes });
}

/**
 * SQLite's word for a file at the size that {@link openForeign} allows it is that for a full disk;
 * where the disk has room for more, it is no full disk.
 */
export function explainFull(db: DatabaseSync, path: string, error: unknown): unknown {
  if (!(error instanceof Error && 'errcode' in error && error.errcode === SQLITE_FULL)) return error;
  const value = (name: string): number => Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
  const most = value('max_page_count') * value('page_size');
  const { bavail, bsize } = statfsSync(dirname(path));
  if (bavail * bsize + statSync(path).size <= most || !takesBytes(path)) return error;
  // Without the cause, which is that of a full disk.
  return new CostsTooMuch(
    'size',
    `it grows beyond ${Math.floor(most / 1e6)} MB, the most for a file of its size`,
  );
}

/** https://sqlite.org/rescode.html#full */
const SQLITE_FULL = 13;

/** What fails half-way is thrown away: a byte behind its end does no harm. */
function takesBytes(path: string): boolean {
  try {
    appendFileSync(path, '-');
    return true;
  } catch {
    return false;
  }
}

/**
 * SQLite names the view or trigger that wants something, or the subquery: of a file that is read
 * only this one of ours has a name (snapshot/file.ts). No view is ever read, and no trigger fires.
 */
export const OWN_SUBQUERY = 'answer';

interface Access {
  readonly action: number;
  readonly first: string | null;
  readonly other: string | null;
  readonly database: string | null;
}

const NEVER: ReadonlySet<number> = new Set([
  constants.SQLITE_ATTACH,
  constants.SQLITE_DETACH,
  constants.SQLITE_CREATE_TEMP_INDEX,
  constants.SQLITE_CREATE_TEMP_TABLE,
  constants.SQLITE_CREATE_TEMP_TRIGGER,
  constants.SQLITE_CREATE_TEMP_VIEW,
]);
/** Ours alone: no CREATE statement does them. */
const OURS: ReadonlySet<number> = new Set([
  constants.SQLITE_TRANSACTION,
  constants.SQLITE_SAVEPOINT,
  constants.SQLITE_ANALYZE,
  constants.SQLITE_ALTER_TABLE,
  constants.SQLITE_DROP_INDEX,
  constants.SQLITE_DROP_TABLE,
  constants.SQLITE_DROP_TRIGGER,
  constants.SQLITE_DROP_VIEW,
  constants.SQLITE_DROP_VTABLE,
]);

/** https://sqlite.org/c3ref/c_alter_table.html says what the parameters of each action are. */
function isAllowed({ action, first, other, database }: Access, isCreating: boolean): boolean {
  if (NEVER.has(action)) return false;
  if (database !== null && database !== 'main' && database !== 'second') return false;
  if (isCreating && OURS.has(action)) return false;
  switch (action) {
    case constants.SQLITE_FUNCTION:
      return !REFUSED_FUNCTIONS.has(other?.toLowerCase() ?? '');
    case constants.SQLITE_PRAGMA:
      return (isCreating ? PRAGMAS_OF_MODULES : ALLOWED_PRAGMAS).has(first?.toLowerCase() ?? '');
    case constants.SQLITE_CREATE_VTABLE:
      return isSafeModule(other ?? '');
    default:
      return true;
  }
}
