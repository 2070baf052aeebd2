/**
 * The old bot's rows on their way into our tables. Each table is first copied into one without
 * types and constraints (`old_anime`) and judged there (judge-rows.ts); good rows move on, others
 * stay with the reason.
 */
import { quoteName } from '../lib/sql-tokens.ts';
import {
  ids,
  judgeLinks,
  judgeParts,
  lostAnime,
  lostViewers,
  refuse,
  requireCode,
  requireId,
  twins,
} from './judge-rows.ts';
import { OLD_COLUMNS, type OldTable } from './our-schema.ts';
import { col, type Staged } from './staged-table.ts';
import { meansOurs } from './strange-columns.ts';

/** From the staged rows of all tables to ours, parents first. Values are mended already. */
export function takeRows(all: ReadonlyMap<OldTable, Staged>): string[] {
  const take = (table: OldTable, rules: (staged: Staged) => readonly string[]): string[] => {
    const staged = all.get(table);
    return staged === undefined ? [] : [...rules(staged), ...moveRows(staged, all), ...sequence(staged)];
  };
  return [
    ...take('users', (s) => [...requireId(s, 'user_id', 'it has no Telegram id'), ...twins(s, ['user_id'])]),
    ...take('anime', (s) => [...requireCode(s, 'code'), ...twins(s, ['code']), ...ids(s)]),
    ...take('anime_parts', (s) => [...judgeParts(s), ...lostAnime(s), ...ids(s)]),
    ...take('groups', (s) => [
      ...requireId(s, 'group_id', 'it has no chat id'),
      ...twins(s, ['group_id']),
      ...ids(s),
    ]),
    ...take('anime_groups', (s) => [...judgeLinks(s, all.get('groups')), ...ids(s)]),
    ...take('mandatory_channels', (s) => [
      refuse(s, `COALESCE(${col(s, 'channel_id')}, '') = ''`, 'it has no channel id'),
      ...twins(s, ['channel_id'], (value) => `CAST(${value} AS TEXT)`),
      ...ids(s),
    ]),
    ...take('user_history', (s) => [
      ...requireId(s, 'user_id', 'it has no viewer'),
      ...lostViewers(s),
      ...ids(s),
    ]),
  ];
}

function moveRows(s: Staged, all: ReadonlyMap<OldTable, Staged>): string[] {
  const { table, staging, row, refused, columns, our, aside } = s;
  const known = new Map(our.map((column) => [column.name, column]));
  const targets: { readonly name: string; readonly value: string }[] = [];
  const added: string[] = [];
  for (const column of our) {
    const spelled = columns.get(column.name);
    const isOld = OLD_COLUMNS[table].includes(column.name);
    if (column.isLater && spelled === undefined) continue;
    if (column.isLater) added.push(`ALTER TABLE ${table} ADD COLUMN ${column.name} ${column.definition}`);
    // Nothing is known of what the file lacks; a default would say "today".
    const value = spelled === undefined ? 'NULL' : quoteName(spelled);
    const fit = isOld ? value : `CASE WHEN ${meansOurs(table, column.name, value)} THEN ${value} END`;
    const preset = column.preset !== null && column.notNull ? column.preset : column.notNull ? "''" : null;
    targets.push({ name: column.name, value: preset === null ? fit : `COALESCE(${fit}, ${preset})` });
  }
  for (const [name, spelled] of columns)
    if (!known.has(name)) {
      added.push(`ALTER TABLE ${table} ADD COLUMN ${quoteName(spelled)}`);
      targets.push({ name: spelled, value: quoteName(spelled) });
    }
  for (const [spelled, kept] of aside) {
    added.push(`ALTER TABLE ${table} ADD COLUMN ${quoteName(kept)}`);
    targets.push({ name: kept, value: quoteName(spelled) });
  }
  const live = `${quoteName(refused)} IS NULL`;
  const insert = (these: typeof targets, when: string): string =>
    `INSERT INTO ${table} (${these.map(({ name }) => quoteName(name)).join(', ')})
     SELECT ${these.map(({ value }) => value).join(', ')} FROM ${quoteName(staging)} WHERE ${live}${when} ORDER BY ${quoteName(row)}`;
  const numbered = targets.find(({ name }) => name === 'id');
  const others = targets.filter(({ name }) => name !== 'id');
  const isNumbered = numbered !== undefined && columns.has('id');
  const count = `(SELECT COUNT(*) FROM ${quoteName(staging)} WHERE ${live})`;
  return [
    ...added,
    ...(numbered === undefined
      ? [insert(targets, '')]
      : isNumbered
        ? [
            insert(targets, ` AND ${numbered.value} IS NOT NULL`),
            insert(others, ` AND ${numbered.value} IS NULL`),
          ]
        : [insert(others, '')]),
    // Counts only what arrived.
    `SELECT json_extract('{}', iif((SELECT COUNT(*) FROM ${table}) >= ${count}, '$', 'not all rows of ${table} arrived'))`,
    // The links still look up their groups by the file's own row numbers.
    ...(table === 'groups' && all.has('anime_groups') ? [] : [dropTaken(s)]),
    ...(table === 'anime_groups' && all.has('groups') ? [...optional(all.get('groups'), dropTaken)] : []),
  ];
}

function dropTaken({ staging, refused }: Staged): string {
  return `DELETE FROM ${quoteName(staging)} WHERE ${quoteName(refused)} IS NULL`;
}

function optional(staged: Staged | undefined, make: (staged: Staged) => string): string[] {
  return staged === undefined ? [] : [make(staged)];
}

/** The next row gets the number that it would have got in the old file. */
function sequence({ table, sequence: position }: Staged): string[] {
  if (position === undefined) return [];
  return [
    `INSERT INTO sqlite_sequence (name, seq) SELECT '${table}', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = '${table}')`,
    `UPDATE sqlite_sequence SET seq = MAX(seq, ${position}) WHERE name = '${table}'`,
  ];
}
