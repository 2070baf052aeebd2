/** What a takeover writes down of a dropped object, for finish.ts to make it again or name it. */
import { quoteName } from '../lib/sql-tokens.ts';
import type { OldObject, OldSchema } from './old-schema.ts';
import { isOurName, OLD_SCHEMA, type OurSchema } from './our-schema.ts';

/** How every statement of {@link keepSql} begins. */
export const RECORD = `INSERT INTO ${OLD_SCHEMA}`;

/** Writes down an object; `why` says why it is not made again, null that it is. */
export function keepSql({ type, name, tableName, sql: text }: OldObject, why: string | null): string {
  const literal = (value: string | null): string =>
    value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`;
  return `${RECORD} VALUES (${[type, name, tableName, text, why].map(literal).join(', ')})`;
}

/** Null for an object that is made again. */
export function whyLeft(object: OldObject, old: OldSchema, our: OurSchema): string | null {
  if (isOurName(our, object.name)) return 'the bot has something of that name';
  const isOnOurs = [...old.ours.values()].some(
    ({ name }) => name.toLowerCase() === object.tableName.toLowerCase(),
  );
  if (object.type === 'trigger' && isOnOurs) return "it would run in the bot's own writes";
  if (object.type === 'index' && isOnOurs && /^CREATE\s+UNIQUE/i.test(object.sql ?? ''))
    return 'the bot may write such values twice';
  return null;
}

/**
 * Views and triggers would follow renames, break, or run in the bot's own writes; they are written
 * down and made again at the end.
 */
export function dropPrograms(old: OldSchema, our: OurSchema): string[] {
  const ofType = (type: string): OldObject[] => old.objects.filter((object) => object.type === type);
  return ['trigger', 'view'].flatMap((type) =>
    ofType(type).flatMap((object) => [
      keepSql(object, whyLeft(object, old, our)),
      `DROP ${type} ${quoteName(object.name)}`,
    ]),
  );
}
