/** Questions to a server's database: one request, one transaction. */
import { isObject } from '../../lib/read-json.ts';
import type { Row, SqlValue } from '../model/model.ts';
import {
  chained,
  type PipelineAnswer,
  pipeline,
  resultRows,
  type SqlHttp,
  StatementFailed,
} from '../sql-http/sql-http.ts';
import { UNSIGNED_INFINITY, WireError } from '../sql-http/wire.ts';

/** The rows of each query, and which pipeline endpoint the server has, newest first. */
export async function askServer(
  server: SqlHttp,
  queries: readonly string[],
): Promise<{ readonly answers: readonly (readonly Row[])[]; readonly endpoint: 'v3' | 'v2' }> {
  const requests = [
    { type: 'batch', batch: { steps: chained(['BEGIN', ...queries, 'COMMIT']) } },
    { type: 'close' },
  ];
  for (const endpoint of ['v3', 'v2'] as const) {
    const answer = await pipeline(server, `${endpoint}/pipeline`, requests);
    if (answer !== 404) return { answers: batchRows(answer), endpoint };
  }
  throw new Error(`${server.host} is no database server: it has neither v3/pipeline nor v2/pipeline`);
}

function batchRows(answer: PipelineAnswer): Row[][] {
  const [batch] = answer.results;
  if (batch instanceof StatementFailed) throw batch;
  const result = batch?.['result'];
  if (!isObject(result) || !Array.isArray(result['step_results']) || !Array.isArray(result['step_errors'])) {
    throw new WireError('a batch answer without step results');
  }
  const failed: unknown = result['step_errors'].find((error: unknown) => error !== null);
  if (failed !== undefined) throw new StatementFailed('schema query', failed);
  return result['step_results'].slice(1, -1).map((step: unknown) => resultRows(step).map(plainRow));
}

/** No number of the schema is a REAL. */
export function plainRow(row: readonly (SqlValue | typeof UNSIGNED_INFINITY)[]): Row {
  return row.map((value) => {
    if (value === UNSIGNED_INFINITY) throw new WireError('an infinity in the schema');
    return value;
  });
}
