/**
 * The host of a Worker on the free plan beside stand-ins, every request of it counted: to the
 * database, the bucket and Telegram.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type StandIns, startStandIns } from '../../sim/stand-ins.ts';
import type { BackupEngine } from '../../src/backup/engine.ts';
import { createBackupLedger } from '../../src/backup/run/backup-runs.ts';
import { openRemoteSnapshotSource } from '../../src/backup/snapshot/remote.ts';
import { createS3Store } from '../../src/backup/store/s3-store.ts';
import type { Store } from '../../src/backup/store/types.ts';
import { createApi, readBotInfo } from '../../src/bot/telegram.ts';
import type { Database } from '../../src/db/database.ts';
import { openRemoteDatabase } from '../../src/db/remote-database.ts';
import { composeEngine, copyOf } from '../../src/hosts/compose.ts';
import { createHost } from '../../src/hosts/host.ts';
import type { Host } from '../../src/hosts/host-parts.ts';
import { linkKey } from '../../src/http/download-links.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { readConfig } from '../../src/settings/config.ts';

/** Cloudflare's free plan, and what src/worker.ts keeps back of it. */
export const SUBREQUESTS = 50;
const RESERVE = 10;

export interface CountedWorker {
  readonly admin: ReturnType<StandIns['telegram']['person']>;
  readonly db: Database;
  readonly store: Store;
  readonly engine: BackupEngine;
  readonly host: Host;
  /** One tick; returns the requests that it made. */
  tick(): Promise<number>;
  close(): Promise<void>;
}

export interface CountedWorkerOptions {
  readonly adminId: number;
  readonly now: () => Date;
  /** The second copy: its settings, and its bucket, which counts its requests by `count`. */
  readonly copy?: {
    readonly settings: Readonly<Record<string, string>>;
    readonly open: (s3: StandIns['s3'], count: () => void) => Store;
  };
}

export async function startCountedWorker({
  adminId,
  now,
  copy,
}: CountedWorkerOptions): Promise<CountedWorker> {
  const directory = mkdtempSync(join(tmpdir(), 'counted-worker-'));
  const parts = await startStandIns({ directory, ownerIds: [adminId] });
  const admin = parts.telegram.person({ id: adminId });
  await admin.send('/start');
  let requests = 0;
  const count = (): void => {
    requests += 1;
  };
  const counted: typeof fetch = (input, init) => {
    count();
    return fetch(input, init);
  };
  const config = readConfig({ ...parts.settings, ...copy?.settings }, 'worker');
  const { url, authToken } =
    config.database.kind === 'remote' ? config.database : { url: '', authToken: undefined };
  const db = openRemoteDatabase({ url, authToken, fetch: counted });
  const api = createApi({ token: parts.telegram.token, apiRoot: parts.telegram.apiRoot });
  api.config.use((previous, ...call) => {
    count();
    return previous(...call);
  });
  const store = createS3Store(parts.s3, { fetch: (input, init) => counted(input, init) });
  const links = { baseUrl: '', key: linkKey('1:x'), prefix: config.backup.prefix, now };
  if (copy !== undefined && config.copy === undefined) throw new Error('the settings name no copy');
  const engine = composeEngine(config.backup, {
    source: openRemoteSnapshotSource({ url, ...(authToken !== undefined && { authToken }), fetch: counted }),
    store,
    copy: copy && config.copy && copyOf(config.backup, config.copy, copy.open(parts.s3, count)),
    links,
    ledger: createBackupLedger(db),
    holder: 'worker',
    clock: { ...systemClock, now },
    alert: async () => {},
  });
  const host = createHost({
    config,
    webhookSecret: 'x',
    db,
    api,
    me: readBotInfo({ id: 1, is_bot: true, username: 'test_bot' }),
    backups: engine,
    now,
    sleep: async () => {},
    log: createLog('silent', () => {}),
    tickLimits: { seconds: 50, requests: SUBREQUESTS - RESERVE },
    after: () => {},
  });
  await host.ready();
  return {
    admin,
    db,
    store,
    engine,
    host,
    async tick() {
      requests = 0;
      await host.tick();
      return requests;
    },
    async close() {
      db.close();
      await parts.close();
      rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}
