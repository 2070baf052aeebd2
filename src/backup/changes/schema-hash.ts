/** What must be equal so that the rows of a change file mean the same in another database. Pure. */
import { createHash } from 'node:crypto';
import type { DatabaseSchema } from '../model/model.ts';
import { isChangeTrigger } from '../schema/change-triggers.ts';
import { coverageOf, isLeftOut } from './coverage.ts';

/**
 * SHA-256 (hex) over the covered tables with their columns and keys, and over the SQL of all else
 * that acts or constrains. Triggers of the change log, the engine's own tables, staged ones and
 * what SQLite derives do not count.
 */
export function schemaHash(schema: DatabaseSchema): string {
  const shadows = new Set(schema.tables.filter(({ kind }) => kind !== 'table').map(({ name }) => name));
  const tables = coverageOf(schema).covered.map(({ name, withoutRowid, rowidAlias, columns }) => [
    name,
    withoutRowid,
    rowidAlias,
    columns.map((column) => [column.name, column.declaredType, column.primaryKey, column.generated]),
  ]);
  const objects = schema.objects
    .filter((object) => {
      const isOurs = isLeftOut(object.tableName) || shadows.has(object.tableName);
      return !isOurs && object.sql !== null && !(object.type === 'trigger' && isChangeTrigger(object));
    })
    .map(({ type, name, tableName, sql }) => [type, name, tableName, sql]);
  const sorted = [tables, objects].map((list) => list.map((one) => JSON.stringify(one)).sort());
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
}
