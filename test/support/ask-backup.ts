import type { BackupRequest } from '../../src/backup/catalog/ledger.ts';
import { requestBackup } from '../../src/backup/run/backup-requests.ts';
import { type Database, sureRow } from '../../src/db/database.ts';

/** What `/backup` does first. */
export async function askBackup(
  db: Database,
  asked: Omit<BackupRequest, 'id' | 'attempts'>,
): Promise<BackupRequest> {
  const [result] = await db.write([requestBackup(asked)]);
  return { ...asked, id: sureRow(result?.rows).int('id'), attempts: 0 };
}
