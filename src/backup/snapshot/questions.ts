/** What is asked of a database beside its rows. */
import { sureRow } from '../../db/database.ts';
import { quoteName } from '../../lib/sql-tokens.ts';
import type { Row, SnapshotSource } from '../model/model.ts';
import { readSchema, SCHEMA_QUERIES } from './schema.ts';

/** @param ask the rows of each query, all in one transaction; texts as they are stored */
export function questionsBy(
  ask: (queries: readonly string[]) => Promise<readonly (readonly Row[])[]>,
): Pick<SnapshotSource, 'schema' | 'any'> {
  const schema = async () => readSchema(await ask(SCHEMA_QUERIES)).schema;
  return {
    schema,
    async any(isAsked) {
      const tables = (await schema()).tables.filter(isAsked);
      const answers = await ask(tables.map(({ name }) => `SELECT EXISTS (SELECT 1 FROM ${quoteName(name)})`));
      return tables.some((_, i) => sureRow(answers[i])[0] === 1n);
    },
  };
}
