/** Which row a line of a change file is about, and its removal by its key. Node only. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { quoteName } from '../../lib/sql-tokens.ts';
import { Damaged } from '../foreign/errors.ts';
import { InvalidText, type Row, type SqlValue, type TableInfo } from '../model/model.ts';
import { textOfBytes } from '../model/text-bytes.ts';
import { bindable, rowidName } from '../verify/insert-rows.ts';

type Key = readonly SqlValue[];

export interface Deletion {
  keyOf(row: Row): Key;
  keyOfDeleted(deleted: { readonly key: SqlValue; readonly rest: string | null }): Key;
  /** The same only for the same key of the table. */
  name(key: Key): string | bigint;
  run(key: Key): void;
}

export function deletionOf(db: DatabaseSync, table: TableInfo): Deletion {
  const columns = table.columns.filter(({ generated }) => generated === 'no');
  const keys = table.withoutRowid
    ? table.columns
        .filter(({ primaryKey }) => primaryKey > 0)
        .toSorted((a, b) => a.primaryKey - b.primaryKey)
        .map((column) => ({ name: quoteName(column.name), at: columns.indexOf(column) }))
    : [{ name: nameOfRowid(table), at: 0 }];
  const statements = new Map<string, StatementSync>();
  const head = `DELETE FROM ${quoteName(table.name)} WHERE`;
  return {
    keyOf: (row) => keys.map(({ at }) => row[at] ?? null),
    keyOfDeleted({ key, rest }) {
      const values = [key, ...(rest === null ? [] : valuesOfRest(rest))];
      if (values.length !== keys.length)
        throw new Damaged(`a key of ${table.name} has ${values.length} parts`);
      return values;
    },
    name: (key) => {
      const [only] = key;
      return key.length === 1 && typeof only === 'bigint' ? only : key.map(nameOfValue).join('\0');
    },
    run(key) {
      // By the collation and affinity of the column; `+` takes the cast's own away.
      const values = key.map((value) => (value instanceof InvalidText ? '+CAST(? AS TEXT)' : '?'));
      const where = keys.map(({ name }, i) => `${name} = ${values[i]}`).join(' AND ');
      let statement = statements.get(where);
      if (statement === undefined) {
        statement = db.prepare(`${head} ${where}`);
        statements.set(where, statement);
      }
      statement.run(...key.map(bindable));
    },
  };
}

/** One hidden behind columns of all three names has a column that is the rowid. */
export function nameOfRowid(table: TableInfo): string {
  const alias = table.rowidAlias === null ? undefined : table.columns[table.rowidAlias];
  return alias === undefined ? rowidName(table) : quoteName(alias.name);
}

function nameOfValue(value: SqlValue): string {
  if (value instanceof InvalidText) return `t${Buffer.from(value.bytes).toString('hex')}`;
  if (value instanceof Uint8Array) return `x${Buffer.from(value).toString('hex')}`;
  if (typeof value === 'string') return `t${Buffer.from(value).toString('hex')}`;
  if (value === null) return 'null';
  // 1 and 1.0 are one key, and so are 0.0 and -0.0.
  return `n${typeof value === 'bigint' || !Number.isInteger(value) ? value : BigInt(value)}`;
}

/**
 * Further columns of a primary key as the change log has them (schema/change-key.ts).
 * @throws Damaged for a text that the triggers do not write
 */
function valuesOfRest(rest: string): SqlValue[] {
  return rest.split(',').map(partOf);
}

function partOf(text: string): SqlValue {
  if (text === 'NULL') return null;
  if (/^t([0-9A-F]{2})*$/.test(text)) return textOfBytes(Buffer.from(text.slice(1), 'hex'));
  if (/^X'([0-9A-F]{2})*'$/.test(text)) return Uint8Array.from(Buffer.from(text.slice(2, -1), 'hex'));
  if (/^-?\d+$/.test(text)) return BigInt(text);
  // quote() has infinity as 9.0e+999. JavaScript reads it as Infinity, too.
  if (/^-?\d+\.\d+(e[+-]?\d+)?$/.test(text)) return Number(text);
  throw new Damaged('a key is not written as the change log writes it');
}
