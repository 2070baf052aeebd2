/**
 * Rows that refer to nothing. SQLite looks every row up in the other table's b-tree, which takes
 * longer than all the rest of a check. For the foreign keys that nearly all databases have, of one
 * column that holds integers, the keys are gathered from the pages here, and looked up in memory;
 * for the others, and where one is missing, SQLite says what there is. Node only.
 */
import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { isLocalFault } from '../../lib/disk/local-fault.ts';
import type { DatabaseSchema, SqlValue, TableInfo } from '../model/model.ts';
import { everyInteger } from '../sqlite/integer-column.ts';
import { hasPlainRecords } from '../sqlite/table-reader.ts';
import { answerTo } from './file.ts';
import { readSchema, SCHEMA_QUERIES } from './schema.ts';
import { openStored, type StoredFile } from './stored-rows.ts';

/** Of fewer bytes SQLite has looked up every row before the schema is read here. */
const FEW_BYTES = 1_000_000;

/** For {@link orphansOf}: undefined for a small file. `close` it afterwards. */
export function openForKeys(db: DatabaseSync, path: string): ReturnType<typeof openStored> | undefined {
  return statSync(path).size < FEW_BYTES ? undefined : openStored(db, path);
}

/**
 * How many rows of a table refer to rows that do not exist; tables without such rows are left out.
 * @param stored the same file by its pages, where `integrity_check` found nothing in it
 * @throws what SQLite says of a foreign key that cannot be looked up
 */
export function orphansOf(db: DatabaseSync, stored: StoredFile | undefined): ReadonlyMap<string, number> {
  const keys = answerTo(db, FOREIGN_KEYS).map(([child, id, parent, from, to]) => {
    return { child: String(child), id, parent: String(parent), from, to };
  });
  const proven = stored === undefined ? new Set<string>() : provenOf(db, stored, keys);
  const found = new Map<string, number>();
  const count = db.prepare('SELECT count(*) AS n FROM pragma_foreign_key_check(?)');
  for (const child of new Set(keys.map((key) => key.child))) {
    const rows = proven.has(child) ? 0 : Number(count.get(child)?.['n']);
    if (rows > 0) found.set(child, rows);
  }
  return found;
}

/** Virtual tables (rootpage 0) are left out: a missing module would fail the query. */
const FOREIGN_KEYS =
  'SELECT m.name, f.id, f."table", f."from", f."to" FROM sqlite_schema m, pragma_foreign_key_list(m.name) f ' +
  "WHERE m.type = 'table' AND m.rootpage <> 0 ORDER BY m.rowid";

/** A column of a foreign key. */
interface ForeignKey {
  readonly child: string;
  readonly id: SqlValue | undefined;
  readonly parent: string;
  readonly from: SqlValue | undefined;
  readonly to: SqlValue | undefined;
}

/** A column of a table, as everyInteger takes it. */
interface Place {
  readonly root: number;
  readonly column: number | 'rowid';
}

/** Tables all of whose rows refer to rows that are there. */
function provenOf(db: DatabaseSync, stored: StoredFile, keys: readonly ForeignKey[]): ReadonlySet<string> {
  const { schema } = readSchema(SCHEMA_QUERIES.map((sql) => answerTo(db, sql)));
  const proven = new Set(keys.map(({ child }) => child));
  const places = keys.map((key) => ({ ...key, ...placesOf(schema, stored, key, keys) }));
  for (const references of Map.groupBy(places, ({ there }) => `${there?.root} ${there?.column}`).values()) {
    const there = references[0]?.there;
    const held = there && keysIn(there, stored);
    for (const { child, here } of references) {
      // SQLite is asked about the whole table.
      if (!proven.has(child)) continue;
      const isWhole = held !== undefined && here !== undefined && areIn(held, here, stored);
      if (!isWhole) proven.delete(child);
    }
  }
  return proven;
}

function keysIn({ root, column }: Place, { pages }: StoredFile): IntegerSet | undefined {
  const keys = new IntegerSet();
  const isWhole = inOrder(() =>
    everyInteger(pages, root, column, (values, count) => keys.addAll(values, count)),
  );
  return isWhole ? keys : undefined;
}

function areIn(keys: IntegerSet, { root, column }: Place, { pages }: StoredFile): boolean {
  return inOrder(() => everyInteger(pages, root, column, (values, count) => keys.hasAll(values, count)));
}

/** Pages that are not as expected are left to SQLite. */
function inOrder(work: () => boolean): boolean {
  try {
    return work();
  } catch (error) {
    if (isLocalFault(error)) throw error;
    return false;
  }
}

/** Nothing for a foreign key of another kind, and for one that SQLite may find fault with. */
function placesOf(
  schema: DatabaseSchema,
  stored: StoredFile,
  { child, id, parent, from, to }: ForeignKey,
  all: readonly ForeignKey[],
): { readonly here?: Place | undefined; readonly there?: Place | undefined } {
  if (all.filter((other) => other.child === child && other.id === id).length > 1) return {};
  const find = (name: string): TableInfo | undefined => schema.tables.find((table) => table.name === name);
  const [source, target] = [find(child), find(parent)];
  if (source === undefined || target === undefined) return {};
  const at = source.columns.findIndex(({ name }) => name === from);
  const wanted = to === null ? target.rowidAlias : target.columns.findIndex(({ name }) => name === to);
  if (at < 0 || wanted === null || wanted < 0 || !isIntegerKey(schema, target, wanted)) return {};
  return { here: placeOf(stored, source, at), there: placeOf(stored, target, wanted) };
}

function placeOf({ roots }: StoredFile, table: TableInfo, column: number): Place | undefined {
  const root = roots.get(table.name);
  if (root === undefined || !hasPlainRecords(table)) return undefined;
  return { root, column: column === table.rowidAlias ? 'rowid' : column };
}

/** The rowid, or a column of INTEGER affinity with an index by which SQLite finds a key. */
function isIntegerKey({ indexes }: DatabaseSchema, table: TableInfo, column: number): boolean {
  if (column === table.rowidAlias) return true;
  if (!/int/i.test(table.columns[column]?.declaredType ?? '')) return false;
  return indexes.some((index) => {
    const [first, ...more] = index.columns.filter(({ key }) => key);
    const isAlone = first?.columnId === column && more.length === 0;
    return index.table === table.name && index.unique && !index.partial && isAlone;
  });
}

/** More of them are left to SQLite: 32 MB. */
const MOST_KEYS = 2 ** 21;
const FIRST_SLOTS = 2 ** 12;
const TWO_32 = 0x1_0000_0000;

/** Open addressing, at most half full; an empty slot is a NaN. */
class IntegerSet {
  #slots = new Float64Array(FIRST_SLOTS).fill(Number.NaN);
  #size = 0;

  hasAll(values: Float64Array, count: number): boolean {
    for (let at = 0; at < count; at += 1) {
      const value = values[at] as number;
      if (this.#slots[this.#slotOf(value)] !== value) return false;
    }
    return true;
  }

  /** False: there is no room for them. */
  addAll(values: Float64Array, count: number): boolean {
    if (this.#size + count > MOST_KEYS) return false;
    for (let at = 0; at < count; at += 1) {
      const value = values[at] as number;
      const slot = this.#slotOf(value);
      if (this.#slots[slot] === value) continue;
      this.#slots[slot] = value;
      this.#size += 1;
      if (2 * this.#size > this.#slots.length) this.#grow();
    }
    return true;
  }

  /** Where the value is or belongs. */
  #slotOf(value: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const low = Math.imul(value | 0, 0x9e3779b1);
    const mixed = Math.imul(low ^ (low >>> 15) ^ Math.imul((value / TWO_32) | 0, 0x85ebca6b), 0xc2b2ae35);
    let slot = (mixed ^ (mixed >>> 13)) & mask;
    for (;;) {
      const held = slots[slot] as number;
      if (held === value || Number.isNaN(held)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Float64Array(2 * old.length).fill(Number.NaN);
    for (const value of old) if (!Number.isNaN(value)) this.#slots[this.#slotOf(value)] = value;
  }
}
