/** A database as an earlier program left it: what later steps made is taken away. */
import { type Statement, sql } from '../../src/db/database.ts';
import { migrations } from '../../src/db/migrations/all-migrations.ts';

/** For steps that make tables and indexes, and change nothing else. */
export function undoAfter(version: number): readonly Statement[] {
  const made = migrations
    .slice(version)
    .flatMap(({ up }) => up(new Map()))
    .flatMap((text) => {
      const [, kind, name] = /^CREATE (?:UNIQUE )?(TABLE|INDEX) (\w+)/.exec(text) ?? [];
      return kind === undefined || name === undefined ? [] : [sql(`DROP ${kind} IF EXISTS ${name}`)];
    });
  return [...made.reverse(), sql('DELETE FROM schema_migrations WHERE version > ?', version)];
}
