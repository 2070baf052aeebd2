/** A Worker in bare workerd, beside the SQL server, bucket and Telegram of this process. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BareWorkerd, startBareWorkerd } from '../dev/workerd.ts';
import { STAND_IN_SECRET, startStandIns } from '../sim/stand-ins.ts';
import type { Telegram } from '../sim/telegram/telegram.ts';
import type { Database } from '../src/db/database.ts';
import { openRemoteDatabase } from '../src/db/remote-database.ts';

export const ADMIN = 1001;

interface BareWorker {
  readonly worker: BareWorkerd;
  readonly telegram: Telegram;
  /** The Worker's own, past the Worker. */
  readonly db: Database;
  close(): Promise<void>;
}

/** @param entry another program than the deployed bundle */
export async function startBareWorker(
  more: Readonly<Record<string, string>> = {},
  entry?: string,
): Promise<BareWorker> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-worker-'));
  const { settings: own, sql, telegram, close } = await startStandIns({ directory, ownerIds: [ADMIN] });
  const settings = { ...own, LOG_LEVEL: 'silent', ...more };
  const worker = await startBareWorkerd(directory, settings, entry === undefined ? {} : { entry });
  telegram.connect((update) =>
    fetch(`${worker.url}/webhook`, {
      method: 'POST',
      headers: { 'X-Telegram-Bot-Api-Secret-Token': STAND_IN_SECRET },
      body: JSON.stringify(update),
    }),
  );
  const db = openRemoteDatabase({ url: sql.url, authToken: own['DATABASE_AUTH_TOKEN'], fetch });
  return {
    worker,
    telegram,
    db,
    async close() {
      db.close();
      await worker.close();
      await close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
