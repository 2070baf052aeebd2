/**
 * A process of the bot, as far as it has to do with the two buckets: the engine, the jobs, and what
 * they remember. It lives until it is killed; what disturbs it changes from step to step.
 */

import type { Bucket } from '../../../src/backup/catalog/bucket.ts';
import { withDoubts } from '../../../src/backup/catalog/doubts.ts';
import type { ShipContext } from '../../../src/backup/changes/shipping.ts';
import { type BackupEngine, createBackupEngine } from '../../../src/backup/engine.ts';
import type { KeyPair } from '../../../src/backup/envelope/keys.ts';
import type { OpeningKeys } from '../../../src/backup/envelope/types.ts';
import { createBackupLedger } from '../../../src/backup/run/backup-runs.ts';
import type { BackupContext } from '../../../src/backup/run/context.ts';
import { createKnownPlace } from '../../../src/backup/store/known-place.ts';
import type { Store } from '../../../src/backup/store/types.ts';
import type { Database } from '../../../src/db/database.ts';
import { hostAsks, placeOptions } from '../../../src/hosts/node/known-places.ts';
import { type JobContext, RequestBudget } from '../../../src/jobs/job.ts';
import { LookingBack } from '../../../src/jobs/look-back.ts';
import { createLog } from '../../../src/lib/log.ts';
import { shippingOf } from '../../support/shipping.ts';
import type { Chaos } from '../chaos.ts';
import { chaoticDatabase, chaoticStore } from '../edges.ts';
import type { Place, Role } from './place.ts';
import type { SmallDatabase } from './small-database.ts';
import type { SeedTime } from './time.ts';

export const BOT = 7;

export interface HostParts {
  readonly small: SmallDatabase;
  /** As the seed's clock and dice have it. */
  readonly db: Database;
  readonly places: Readonly<Record<Role, Place>>;
  readonly time: SeedTime;
  readonly key: KeyPair | undefined;
  /** The process can open what it seals. */
  readonly hasKey: boolean;
  readonly days: number | undefined;
  readonly daily: number | undefined;
  readonly changeDays: number;
  readonly isNode: boolean;
  /** The database remembers what it has stored. */
  readonly remembers: boolean;
  readonly onAlert: (message: string) => void;
}

export class Host {
  readonly context: BackupContext;
  readonly copy: Bucket;
  readonly engine: BackupEngine;
  readonly looks: LookingBack;
  readonly keys: OpeningKeys | undefined;
  /** What disturbs it now. */
  chaos: Chaos | undefined;
  readonly #parts: HostParts;
  readonly #db: Database;
  readonly #shipping: ShipContext;

  /** @param chaos of one step; a process that lives on meets others */
  constructor(parts: HostParts, chaos?: Chaos) {
    this.#parts = parts;
    this.chaos = chaos;
    const { places, time, key, hasKey, days, daily, changeDays, small } = parts;
    this.keys = key && hasKey ? { identities: [key.identity], passphrases: [] } : undefined;
    this.#db = switched(() => (this.chaos === undefined ? parts.db : chaoticDatabase(parts.db, this.chaos)));
    const ledger = createBackupLedger(this.#db);
    const { clock } = time;
    const sealing = { isSealed: key !== undefined, bot: BOT, clock };
    const first: Bucket = { store: this.#store(places.first), prefix: places.first.prefix, ...sealing };
    this.copy = { store: this.#store(places.copy), prefix: places.copy.prefix, ...sealing, isCopy: true };
    this.context = {
      ...withDoubts(first, this.keys, (question) => question(ledger)),
      source: { read: () => Promise.reject(new Error('no database is read here')) },
      ledger,
      clock,
      random: () => 0.5,
      holder: 'sim',
      appVersion: '0.1.0',
      libraries: {},
      encryption: key && { kind: 'recipients', recipients: [key.recipient] },
      keys: this.keys,
      retention: { days, daily },
      changeDays,
      gzipLevel: 1,
      timeoutMs: 600_000,
      alert: async ({ message }) => parts.onAlert(message),
    };
    this.engine = createBackupEngine({
      ...this.context,
      requests: ledger,
      copy: this.copy,
      maxAgeHours: 26,
      answerTimer: () => () => {},
      signLink: () => '',
    });
    this.looks = new LookingBack({
      first: this.context,
      copy: this.copy,
      keys: this.keys,
      days: changeDays,
    });
    this.#shipping = shippingOf(
      { db: this.#db, source: small.source, store: this.context.store },
      {
        prefix: places.first.prefix,
        encryption: this.context.encryption,
        keys: this.keys,
        holder: 'sim',
        now: clock.now,
        isCopied: parts.remembers,
      },
    );
  }

  get shipping(): ShipContext {
    return this.#shipping;
  }

  /** @param requests how many a tick has */
  jobs(requests = 10_000): JobContext {
    const { time, onAlert } = this.#parts;
    const { now } = time.clock;
    const log = createLog('warn', (line) => onAlert(line));
    const putBack = this.#parts.isNode ? (context: JobContext) => this.looks.putBack(context) : undefined;
    const context: Partial<JobContext> = {
      db: this.#db,
      now,
      log,
      backups: this.engine as JobContext['backups'],
      ownerIds: [],
      defaultLocale: 'uz',
      changes: { isOn: true, shipping: this.#shipping, putBack },
      deadline: new Date(now().getTime() + 3_600_000),
      requests: new RequestBudget(requests),
    };
    return context as JobContext;
  }

  #store(place: Place): Store {
    const { role, prefix, kind } = place;
    const side = role === 'first' ? 'bucket' : 'second';
    let disturbed: { readonly by: Chaos; readonly store: Store } | undefined;
    const now = (): Store => {
      const by = this.chaos;
      if (by === undefined) return place.store;
      if (disturbed?.by !== by) disturbed = { by, store: chaoticStore(place.store, by, side) };
      return disturbed.store;
    };
    const { description } = place.store;
    const store: Store = {
      kind,
      description,
      create: (...args) => now().create(...args),
      put: (...args) => now().put(...args),
      get: (key) => now().get(key),
      head: (key) => now().head(key),
      list: (...args) => now().list(...args),
      delete: (keys) => now().delete(keys),
      sweep: (...args) => now().sweep(...args),
      signedUrl: async () => undefined,
    };
    if (kind !== 'directory') return store;
    const asks = hostAsks(() => this.#db);
    return createKnownPlace(store, placeOptions({ role, path: `/${role}`, prefix }, asks));
  }
}

function switched(now: () => Database): Database {
  return {
    read: (queries) => now().read(queries),
    write: (statements) => now().write(statements),
    get roundTrips() {
      return now().roundTrips;
    },
    close: () => {},
  };
}
