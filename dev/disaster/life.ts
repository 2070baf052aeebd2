/** A bot with its host, database and buckets, on the stand-in and a simulated clock. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Person } from '../../sim/telegram/person.ts';
import type { Telegram } from '../../sim/telegram/telegram.ts';
import { createBackupLedger } from '../../src/backup/run/backup-runs.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { createDirectoryStore } from '../../src/backup/store/directory.ts';
import { createApi } from '../../src/bot/telegram.ts';
import type { Database } from '../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { composeEngine, copyOf } from '../../src/hosts/compose.ts';
import { createHost } from '../../src/hosts/host.ts';
import type { Host } from '../../src/hosts/host-parts.ts';
import { linkKey } from '../../src/http/download-links.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { readConfig } from '../../src/settings/config.ts';

/** Telegram's id of the owner; viewers have the ids after it. */
export const OWNER = 1001;

export class SimulatedClock {
  #time = Date.now();
  readonly now = (): Date => new Date(this.#time);
  readonly sleep = async (milliseconds: number): Promise<void> => {
    this.#time += milliseconds;
  };
}

export interface Life {
  readonly telegram: Telegram;
  readonly host: Host;
  readonly db: Database;
  readonly clock: SimulatedClock;
  viewers(): Person[];
  close(): Promise<void>;
}

export async function openLife({
  telegram,
  home,
  copyDir,
  recipient,
  clock,
}: {
  telegram: Telegram;
  home: string;
  copyDir: string;
  recipient: string;
  clock: SimulatedClock;
}): Promise<Life> {
  mkdirSync(join(home, 'backups'), { recursive: true });
  const path = join(home, 'anime_bot.db');
  const db = await openEmbeddedDatabase(path);
  const config = readConfig(
    { ADMIN_IDS: String(OWNER), BACKUP_AGE_RECIPIENTS: recipient, COPY_DIR: copyDir },
    'node',
  );
  if (config.copy === undefined) throw new Error('the settings name no copy');
  const { now, sleep } = clock;
  const store = createDirectoryStore(join(home, 'backups'));
  const links = { baseUrl: '', key: linkKey(telegram.token), prefix: config.backup.prefix, now };
  const backups = composeEngine(config.backup, {
    source: openEmbeddedSnapshotSource({ path }),
    store,
    copy: copyOf(config.backup, config.copy, createDirectoryStore(copyDir)),
    links,
    ledger: createBackupLedger(db),
    holder: 'demo',
    alert: async () => {},
    clock: { now, sleep: systemClock.sleep },
  });
  const host = createHost({
    config,
    db,
    backups,
    now,
    sleep,
    api: createApi({ token: telegram.token, apiRoot: telegram.apiRoot }),
    me: telegram.botInfo,
    webhookSecret: undefined,
    log: createLog('error', (line) => console.error(line)),
    tickLimits: { seconds: 50, requests: 10_000 },
    after: () => {},
  });
  telegram.connect(async (update) => ((await host.receive(update)) === 'again' ? 500 : 200));
  await host.ready();
  return {
    telegram,
    host,
    db,
    clock,
    viewers: () => telegram.people.filter(({ id }) => id > OWNER),
    close: async () => {
      telegram.connect(undefined);
      db.close();
    },
  };
}
