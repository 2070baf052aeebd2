/** What a database lacks of the bot's own schema, at each version of it. */
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { lacksCatalogue, tellLack } from '../../src/db/lack-words.ts';
import { migrations } from '../../src/db/migrations/all-migrations.ts';
import { lackOf, lackOfAll, lackOfTables } from '../../src/db/own-schema.ts';
import { ownSchema } from '../../src/db/own-tables.ts';
import { OLD_BOTS } from '../../src/db/version-made.ts';
import { OLD_TABLES } from '../../src/takeover/our-schema.ts';

/** As SQLite itself has it after the first `version` steps. */
function made(version: number): Map<string, Set<string>> {
  const db = new DatabaseSync(':memory:');
  try {
    for (const step of migrations.slice(0, version)) for (const text of step.up(new Map())) db.exec(text);
    const rows = db
      .prepare(
        `SELECT t.name AS "table", c.name AS "column" FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`,
      )
      .all();
    const found = new Map<string, Set<string>>();
    for (const { table, column } of rows)
      found.set(String(table), (found.get(String(table)) ?? new Set()).add(String(column)));
    return found;
  } finally {
    db.close();
  }
}

const NEWEST = migrations.length;
const VERSIONS = migrations.map((_, i) => i + 1);
const REAL = new Map(VERSIONS.map((version) => [version, made(version)]));

/** A copy, to take away from. */
function real(version: number): Map<string, Set<string>> {
  return new Map([...(REAL.get(version) ?? [])].map(([table, columns]) => [table, new Set(columns)]));
}

describe('the own schema', () => {
  test.each(VERSIONS)('of version %i is what SQLite makes of the migrations', (version) => {
    const { tables, virtual } = ownSchema(version);
    const found = real(version);
    for (const [table, columns] of tables) {
      expect(found.has(table), table).toBe(true);
      if (!virtual.has(table))
        expect(columns.map(({ name }) => name).toSorted(), table).toEqual(
          [...(found.get(table) ?? [])].toSorted(),
        );
    }
    const shadows = [...virtual].map((name) => `${name}_`);
    expect([...found.keys()].filter((name) => !tables.has(name))).toSatisfy((others: string[]) =>
      others.every((name) => shadows.some((shadow) => name.startsWith(shadow))),
    );
  });

  test.each(VERSIONS)('a database of version %i lacks nothing', (version) => {
    expect(lackOf(real(version), version)).toBeUndefined();
  });

  test('each table and each column is missed', () => {
    for (const [table, columns] of ownSchema().tables) {
      const without = real(NEWEST);
      without.delete(table);
      expect(lackOf(without, NEWEST)).toEqual({ findings: [`table ${table} is missing`], tables: [table] });
      for (const { name } of columns) {
        const less = real(NEWEST);
        less.get(table)?.delete(name);
        expect(lackOf(less, NEWEST)?.findings).toEqual([`table ${table} lacks column ${name}`]);
      }
    }
  });

  test('a newer program may have dropped what this one has', () => {
    expect(lackOf(new Map(), NEWEST + 1)).toBeUndefined();
  });

  test('a list of tables alone: ours are missed, those of another program are not', () => {
    const names = [...real(NEWEST).keys()].filter((name) => name !== 'anime');
    expect(lackOfTables(names, NEWEST)?.tables).toEqual(['anime']);
    expect(lackOfTables([...names, 'Anime'], NEWEST)).toBeUndefined();
    expect(lackOfTables(['users', 'posts', 'schema_migrations'], 3)).toBeUndefined();
    expect(lackOfTables(names, null)).toBeUndefined();
  });

  test('the catalogue is more than the rest, and each has a way back', () => {
    const less = real(NEWEST);
    less.delete('user_history');
    const small = lackOf(less, NEWEST);
    expect(small && lacksCatalogue(small)).toBe(false);
    expect(small && tellLack(small)).toContain('restore latest --only user_history');
    less.get('anime')?.delete('description');
    const great = lackOf(less, NEWEST);
    expect(great && lacksCatalogue(great)).toBe(true);
    expect(great && tellLack(great)).toMatch(
      /table anime lacks column description.*table user_history is missing.*restore latest --replace/,
    );
  });
});

describe('the record of migrations', () => {
  const upTo = (version: number): number[] => VERSIONS.slice(0, version);
  const names = (version: number): string[] =>
    [...ownSchema(version).tables].flatMap(([table, columns]) =>
      OLD_BOTS.includes(table) ? [] : [table, ...columns.map(({ name }) => `${table}.${name}`)],
    );
  /** The newest step, where it only adds columns to old tables: it looks for them first. */
  const isDoneAgain = (version: number, newest: number): boolean =>
    version === newest && version > 1 && names(version).length === names(version - 1).length;

  test.each(VERSIONS)('a database of version %i whose record lacks any row is seen', (version) => {
    expect(lackOfAll(real(version), upTo(version))).toBeUndefined();
    expect(lackOfAll(real(version), undefined)?.tables).toEqual(['schema_migrations']);
    for (const gone of upTo(version))
      expect(
        lackOfAll(
          real(version),
          upTo(version).filter((one) => one !== gone),
        )?.findings,
      ).toEqual(
        isDoneAgain(gone, version) ? undefined : [`table schema_migrations has no row of version ${gone}`],
      );
  });

  test('a database with a few tables of our names is not ours; with many, it is', () => {
    const found = new Map([...real(NEWEST)].filter(([name]) => OLD_BOTS.includes(name)));
    for (const name of ['backup_lease', 'backup_runs', 'backup_requests', 'job_leases'])
      found.set(name, real(NEWEST).get(name) ?? new Set());
    expect(lackOfAll(found, undefined)).toBeUndefined();
    found.set('handled_updates', new Set(['update_id']));
    found.set('alerts', new Set(['id', 'text']));
    expect(lackOfAll(found, undefined)).toBeUndefined();
    found.set('handled_updates', new Set(['update_id', 'handled_at']));
    expect(lackOfAll(found, undefined)?.findings).toContain('table schema_migrations is missing');
  });

  test('a table of a later step’s name alone does not make that step done', () => {
    const found = real(5);
    found.set('admin_work', real(6).get('admin_work') ?? new Set());
    expect(lackOfAll(found, upTo(5))).toBeUndefined();
  });

  test('the old bot’s tables are those that a takeover takes', () => {
    expect([...OLD_BOTS].toSorted()).toEqual([...OLD_TABLES].toSorted());
  });
});
