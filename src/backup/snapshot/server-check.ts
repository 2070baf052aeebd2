/** A server's own opinion of its database, as far as it gives one. Runs in workerd and on Node. */
import { sureRow } from '../../db/database.ts';
import { Silence, within } from '../../lib/silence.ts';
import { countsOnly, sortFindings } from '../model/database-damage.ts';
import type { SourceCheck } from '../model/model.ts';
import { pipeline, resultRows, type SqlHttp, StatementFailed } from '../sql-http/sql-http.ts';
import { plainRow } from './remote-schema.ts';

/**
 * A server that looks longer is not waited for: the counts of the scans have been compared all the
 * same.
 */
const PATIENCE_MS = 20_000;

/**
 * One request beside the snapshot: what is damaged now was damaged then. Never rejects: a server
 * may not allow it, or not answer.
 */
export async function checkServer(server: SqlHttp, path: string): Promise<SourceCheck> {
  try {
    const requests = [{ type: 'execute', stmt: { sql: 'PRAGMA quick_check' } }, { type: 'close' }];
    const answer = await within(PATIENCE_MS, () => pipeline(server, path, requests));
    if (answer === 404) return countsOnly('the server has no such endpoint');
    const [result] = answer.results;
    if (result === undefined || result instanceof StatementFailed)
      return countsOnly('the server does not allow it');
    const rows = resultRows(result['result']).map((row) => String(plainRow(row)[0]));
    sureRow(rows);
    return { ...sortFindings(rows), proof: 'quick_check by the server, and rows of every index counted' };
  } catch (error) {
    const isLate = error instanceof Silence;
    return countsOnly(
      isLate ? `the server took longer than ${PATIENCE_MS / 1000} s` : 'the server did not answer it',
    );
  }
}
