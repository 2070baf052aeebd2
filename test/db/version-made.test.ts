/** A step shows itself by its tables and columns, also where the record of it is lost. */
import { describe, expect, test } from 'vitest';
import { migrations } from '../../src/db/migrations/all-migrations.ts';
import { type OwnSchema, ownSchema } from '../../src/db/own-tables.ts';
import { versionMade } from '../../src/db/version-made.ts';

const NEWEST = migrations.length;
const LATER = NEWEST + 1;

/** The schema after one step more, which only adds a column to a table. */
function withColumn(table: string): (version: number) => OwnSchema {
  return (version) => {
    const schema = ownSchema(Math.min(version, NEWEST));
    if (version <= NEWEST) return schema;
    const columns = schema.tables.get(table) ?? [];
    const studio = { name: 'studio', definition: 'TEXT', isLater: true };
    return { ...schema, tables: new Map([...schema.tables, [table, [...columns, studio]]]) };
  };
}

function found({ tables }: OwnSchema): Map<string, Set<string>> {
  return new Map([...tables].map(([name, columns]) => [name, new Set(columns.map((one) => one.name))]));
}

describe('a step that only adds a column to a table of ours', () => {
  const schemaAt = withColumn('broadcasts');

  test('was done where the column is there: nobody can add it again', () => {
    expect(versionMade(found(schemaAt(LATER)), NEWEST, schemaAt, LATER)).toBe(LATER);
    expect(versionMade(found(schemaAt(LATER)), 0, schemaAt, LATER)).toBe(LATER);
  });

  test('was not done where the column is missing', () => {
    expect(versionMade(found(schemaAt(NEWEST)), NEWEST, schemaAt, LATER)).toBe(0);
    expect(versionMade(found(schemaAt(NEWEST)), 0, schemaAt, LATER)).toBe(NEWEST);
  });

  test('alone does not make a database ours', () => {
    const other = new Map([['broadcasts', new Set(['id', 'studio'])]]);
    expect(versionMade(other, 0, schemaAt, LATER)).toBe(0);
  });
});

test('a column of an old bot’s table shows no step: an old file may have brought it', () => {
  const schemaAt = withColumn('anime');
  expect(versionMade(found(schemaAt(LATER)), NEWEST, schemaAt, LATER)).toBe(0);
  expect(versionMade(found(schemaAt(LATER)), 0, schemaAt, LATER)).toBe(NEWEST);
});
