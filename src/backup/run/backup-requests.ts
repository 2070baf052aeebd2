/** Backups that admins asked for in Telegram (migration 0002): from the row on, each is made. */
import { type Database, listed, type Statement, sql } from '../../db/database.ts';
import type { Row } from '../../db/row.ts';
import { holdingSince, toSqlTime } from '../../db/time.ts';
import type { BackupRequest, RequestLedger } from '../catalog/ledger.ts';
import { dateOf } from './run-rows.ts';

export function createRequestLedger(db: Database): RequestLedger {
  return {
    async openRequests(now) {
      const [requests] = await db.read([listed(sql(OPEN_REQUESTS), requestRecord)]);
      const { last } = holdingSince(now, 0);
      const wrong = requests.filter(({ requestedAt }) => !(requestedAt <= last)).map(({ id }) => id);
      if (wrong.length === 0) return requests;
      // A backup is named and judged by this time.
      const results = await db.write([
        sql(`UPDATE backup_requests SET requested_at = ? WHERE id IN (${wrong.join(', ')})`, toSqlTime(now)),
        sql(OPEN_REQUESTS),
      ]);
      return listed(sql(OPEN_REQUESTS), requestRecord).parse(results.at(-1)?.rows ?? []);
    },
    async closeRequest(id, at) {
      await db.write([sql('UPDATE backup_requests SET finished_at = ? WHERE id = ?', toSqlTime(at), id)]);
    },
  };
}

/** RETURNING id. From then on the backup is made, whatever happens to this process. */
export function requestBackup(request: Omit<BackupRequest, 'id' | 'attempts'>): Statement {
  return sql(
    'INSERT INTO backup_requests (requested_by, chat_id, message_id, requested_at) VALUES (?, ?, ?, ?) RETURNING id',
    request.requestedBy,
    request.chatId,
    request.messageId,
    toSqlTime(request.requestedAt),
  );
}

/** The message that the admin waits at. */
export function requestShown(id: number, messageId: number): Statement {
  return sql('UPDATE backup_requests SET message_id = ? WHERE id = ?', messageId, id);
}

const OPEN_REQUESTS = `SELECT id, requested_by, chat_id, message_id, requested_at,
    (SELECT count(*) FROM backup_runs WHERE scheduled_at = requested_at AND "trigger" = 'command') AS attempts
  FROM backup_requests WHERE finished_at IS NULL ORDER BY id`;

function requestRecord(row: Row): BackupRequest {
  return {
    id: row.int('id'),
    requestedBy: row.int('requested_by'),
    chatId: row.int('chat_id'),
    messageId: row.intOrNull('message_id'),
    // Somebody's SQL may have put anything there; openRequests sets an invalid date right.
    requestedAt: dateOf(row.text('requested_at')),
    attempts: row.int('attempts'),
  };
}
