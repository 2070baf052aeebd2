/** The bot's own tables at each version of the schema, read from the migrations. Pure. */
import { migrations } from './migrations/all-migrations.ts';

export interface OwnColumn {
  readonly name: string;
  /** `TEXT NOT NULL DEFAULT 'public'` */
  readonly definition: string;
  /** Added by a later step than the one that makes the table. */
  readonly isLater: boolean;
}

export interface OwnSchema {
  /** Virtual tables are here without columns. */
  readonly tables: ReadonlyMap<string, readonly OwnColumn[]>;
  readonly virtual: ReadonlySet<string>;
  /** Of tables, indexes, triggers and views. */
  readonly names: ReadonlySet<string>;
}

/** One a line, or the only one of a table that fits on a line. */
const COLUMN = /(?:^ {2}|^CREATE TABLE \w+ \()"?([a-z_][a-z0-9_]*)"? ((?:TEXT|INTEGER|REAL|BLOB).*?),?$/gm;

const known = new Map<number, OwnSchema>();

/** What the first `version` steps make. */
export function ownSchema(version = migrations.length): OwnSchema {
  const found = known.get(version) ?? readSchema(version);
  known.set(version, found);
  return found;
}

function readSchema(version: number): OwnSchema {
  const tables = new Map<string, OwnColumn[]>();
  const virtual = new Set<string>();
  const names = new Set<string>();
  for (const text of migrations.slice(0, version).flatMap(({ up }) => up(new Map()))) {
    const [, kind, name] =
      /^CREATE (?:UNIQUE )?(VIRTUAL TABLE|TABLE|INDEX|TRIGGER|VIEW) (\w+)/.exec(text) ?? [];
    if (name !== undefined) names.add(name);
    if (name !== undefined && kind === 'VIRTUAL TABLE') virtual.add(name);
    if (name !== undefined && kind?.endsWith('TABLE') === true)
      tables.set(name, kind === 'TABLE' ? [...text.matchAll(COLUMN)].map(column(false)) : []);
    const added = /^ALTER TABLE (\w+) ADD COLUMN (\w+) (.*)$/.exec(text);
    if (added?.[1] !== undefined) tables.get(added[1])?.push(column(true)(added.slice(1)));
  }
  return { tables, virtual, names };
}

function column(isLater: boolean): (match: readonly string[]) => OwnColumn {
  return ([, name = '', definition = '']) => ({ name, definition, isLater });
}
