/** A host of a test bot with the change log on: its ticks and its bucket are the test's. */
import { createBackupLedger } from '../../src/backup/run/backup-runs.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { createDirectoryStore } from '../../src/backup/store/directory.ts';
import type { Store } from '../../src/backup/store/types.ts';
import { composeEngine, composeShipping } from '../../src/hosts/compose.ts';
import { createHost } from '../../src/hosts/host.ts';
import type { Host, HostParts } from '../../src/hosts/host-parts.ts';
import { linkKey } from '../../src/http/download-links.ts';
import { createLog } from '../../src/lib/log.ts';
import type { Config } from '../../src/settings/config.ts';
import type { TestBot } from './bot.ts';

export interface TickingHost {
  readonly config: Config;
  readonly store: Store;
  /** Requests that a tick may make. */
  readonly requests: number;
  /** Ships by a timer of its own, as Node does, and not in the tick. */
  readonly hasTimer: boolean;
  readonly alert?: (message: string) => void;
  readonly readBack?: HostParts['readBack'];
}

export function tickingHost(
  { db, path, now, services }: TestBot,
  { config, store, requests, hasTimer, alert = () => {}, readBack }: TickingHost,
): Host {
  const source = openEmbeddedSnapshotSource({ path });
  const links = { baseUrl: '', key: linkKey('x'), prefix: config.backup.prefix, now };
  return createHost({
    config: { ...config, ownerIds: services.ownerIds },
    webhookSecret: undefined,
    db,
    api: services.api,
    me: services.me,
    backups: composeEngine(config.backup, {
      ...{ source, store, links, ledger: createBackupLedger(db), holder: 'test' },
      clock: { now, sleep },
      alert: async ({ message }) => alert(message),
      changeDays: config.changes.retentionDays,
    }),
    now,
    sleep: async () => {},
    log: createLog('info', () => {}),
    tickLimits: { seconds: 55, requests },
    after: () => {},
    copiesApart: true,
    ...(readBack && { readBack }),
    changes: {
      isOn: true,
      hasTimer,
      shipping: composeShipping(config.backup, { db, source, store, now, holder: 'test' }),
    },
  });
}

/** A time-out never comes by itself. */
function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (ms < 30_000) resolve();
    else signal?.addEventListener('abort', () => resolve());
  });
}

/** A directory whose every call is told by its name, before it is made. */
export function countedStore(directory: string, tell: (call: string) => void): Store {
  return new Proxy(createDirectoryStore(directory), {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        tell(String(name));
        return Reflect.apply(value, target, args);
      };
    },
  });
}
