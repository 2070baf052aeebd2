/** Tables of an old bot's file beside the old bot's seven: they stay, under a name that is free. */
import { quoteName } from '../lib/sql-tokens.ts';
import { withoutForeignKeys } from './foreign-keys.ts';
import { freeName } from './kept-names.ts';
import { keepSql, whyLeft } from './kept-sql.ts';
import type { OldObject, OldSchema, OldTableInfo } from './old-schema.ts';
import { isOurName, type OurSchema } from './our-schema.ts';

/**
 * Tables that are not the old bot's: made again without foreign keys into our new tables, and
 * renamed where the name is ours.
 */
export function foreignTables(
  old: OldSchema,
  our: OurSchema,
  taken: Set<string>,
): { readonly before: string[]; readonly after: string[] } {
  const remade = remadeTables(old, our);
  const ours = new Set([...old.ours.values()].map(({ name }) => name.toLowerCase()));
  const [copies, indexes, renames, dropped]: [string[], string[], string[], string[]] = [[], [], [], []];
  for (const info of remade.values()) {
    const key = info.name.toLowerCase();
    if (ours.has(key)) {
      indexes.push(...indexesOf(info, old).map((object) => keepSql(object, whyLeft(object, old, our))));
      continue;
    }
    const passing = freeName(`taking_${info.name}`, taken);
    const final = isOurName(our, info.name) ? freeName(`old_${info.name}`, taken) : info.name;
    const columns = [...(info.hasHiddenRowid ? ['rowid'] : []), ...[...info.columns.values()].map(quoteName)];
    const names = new Set([...info.columns.keys(), key, ...info.parents]);
    copies.push(
      withoutForeignKeys(info.sql, passing, names),
      `INSERT INTO ${quoteName(passing)} (${columns.join(', ')}) SELECT ${columns.join(', ')} FROM ${quoteName(info.name)}`,
    );
    renames.push(`ALTER TABLE ${quoteName(passing)} RENAME TO ${quoteName(final)}`);
    if (info.sequence !== undefined)
      renames.push(
        `UPDATE sqlite_sequence SET seq = MAX(seq, ${info.sequence}) WHERE name = '${final.replaceAll("'", "''")}'`,
      );
    indexes.push(...indexesOf(info, old).map((object) => keepSql(object, whyLeft(object, old, our))));
    const why = `its foreign keys to the bot's tables are left out${final === info.name ? '' : `, and it is ${final} now`}`;
    indexes.push(keepSql({ type: 'table', name: info.name, tableName: info.name, sql: info.sql }, why));
  }
  for (const info of childrenFirst(remade)) dropped.push(`DROP TABLE ${quoteName(info.name)}`);
  const others = [...old.tables.values()].filter(({ name }) => !remade.has(name.toLowerCase()));
  for (const info of others) {
    for (const index of indexesOf(info, old).filter(({ name }) => isOurName(our, name)))
      dropped.push(keepSql(index, whyLeft(index, old, our)), `DROP INDEX ${quoteName(index.name)}`);
    if (!isOurName(our, info.name)) continue;
    const final = freeName(`old_${info.name}`, taken);
    renames.push(
      `ALTER TABLE ${quoteName(info.name)} RENAME TO ${quoteName(final)}`,
      keepSql(
        { type: 'table', name: info.name, tableName: info.name, sql: info.sql },
        `the bot has a table of that name: it is ${final} now`,
      ),
    );
  }
  return { before: [...copies, ...dropped, ...renames], after: indexes };
}

/**
 * The old bot's tables, and all tables that point to them, to a name of ours, or to such a table.
 * By lower-case name.
 */
function remadeTables(old: OldSchema, our: OurSchema): Map<string, OldTableInfo> {
  const remade = new Map([...old.ours.values()].map((info) => [info.name.toLowerCase(), info]));
  for (let before = -1; before !== remade.size; ) {
    before = remade.size;
    for (const [key, info] of old.tables)
      if (!info.isVirtual && [...info.parents].some((parent) => remade.has(parent) || isOurName(our, parent)))
        remade.set(key, info);
  }
  return remade;
}

/** Tables in a circle come last, in any order. */
function childrenFirst(tables: ReadonlyMap<string, OldTableInfo>): OldTableInfo[] {
  const left = new Map(tables);
  const order: OldTableInfo[] = [];
  while (left.size > 0) {
    const free = [...left].filter(
      ([key]) => ![...left].some(([other, { parents }]) => other !== key && parents.has(key)),
    );
    for (const [key, info] of free.length > 0 ? free : [...left]) {
      order.push(info);
      left.delete(key);
    }
  }
  return order;
}

function indexesOf({ name }: OldTableInfo, old: OldSchema): OldObject[] {
  return old.objects.filter(
    (object) =>
      object.type === 'index' && object.sql !== null && object.tableName.toLowerCase() === name.toLowerCase(),
  );
}
