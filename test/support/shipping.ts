/** What ships the change log of a database, for tests: the settings that none of them is about. */
import { type ChangeState, changeState } from '../../src/backup/catalog/change-state.ts';
import { ensureTriggers } from '../../src/backup/changes/ensure-triggers.ts';
import type { ShipContext } from '../../src/backup/changes/shipping.ts';
import type { SnapshotSource } from '../../src/backup/model/model.ts';
import { type Database, sql } from '../../src/db/database.ts';

export function shippingOf(
  parts: Pick<ShipContext, 'db' | 'source' | 'store'>,
  change: Partial<ShipContext> = {},
): ShipContext {
  return {
    prefix: 'backups/',
    encryption: undefined,
    keys: undefined,
    holder: 'test',
    now: () => new Date(),
    appVersion: '0.1.0',
    gzipLevel: 1,
    memory: {},
    ...parts,
    ...change,
  };
}

/** The change log begins, as if a full backup held all that there is. */
export async function beginLog(db: Database, source: Pick<SnapshotSource, 'schema'>): Promise<void> {
  await ensureTriggers(db, source);
  await db.write([
    sql('DELETE FROM change_log'),
    sql(`UPDATE change_state SET needs_base = NULL,
      shipped_seq = COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'change_log'), 0)`),
  ]);
}

export async function stateOf(db: Database): Promise<ChangeState> {
  const [state] = await db.read([changeState]);
  if (state === undefined) throw new Error('no change log');
  return state;
}
