/**
 * A host takes its database: no other host has it, nothing that is gone is begun anew unasked, and
 * whatever fails on the way is told in a sentence. Node only.
 */
import { removeOldCopies } from '../../db/file/copy-name.ts';
import { explainUnusable, requireUsableFile } from '../../db/file/database-file.ts';
import { lockDatabaseFile } from '../../db/file/file-lock.ts';
import { type HeldWrites, holdWrites } from '../../db/file/held-writes.ts';
import type { LostFile } from '../../db/file/rescue.ts';
import type { Log } from '../../lib/log.ts';
import type { Config } from '../../settings/config.ts';
import { requireFree } from './listen.ts';
import { requireNothingKept } from './missing-database.ts';
import { type OpenDatabase, openDatabase } from './node-parts.ts';
import { type Buckets, isMissing } from './ways-back.ts';

interface Circumstances {
  readonly buckets: Buckets;
  /** Begins a missing database although there are backups of one. */
  readonly mayBegin: boolean;
  /** How a person begins another database; left out: as in production. */
  readonly anew: string | undefined;
  readonly now: () => Date;
  readonly log: Log;
  /** Another host took the database over: this one must end, and leave its files alone. */
  readonly onTaken: (() => void) | undefined;
  readonly onLost: (lost: LostFile) => Promise<void>;
}

export interface TakenDatabase extends OpenDatabase {
  /**
   * Before the first table is made; absent: nobody minds. @throws StartRefused when a bucket has
   * backups of the database that was there before
   */
  readonly beforeFirst: (() => Promise<void>) | undefined;
  /** Holds all writes for a work that has the write lock. */
  readonly hold: HeldWrites['hold'];
  /** @throws the error in words for people */
  explained(error: unknown): never;
}

export async function takeDatabase(
  { database: settings, ...address }: Pick<Config, 'database' | 'host' | 'port'>,
  { buckets, mayBegin, anew, now, log, onTaken, onLost }: Circumstances,
): Promise<TakenDatabase> {
  const path = settings.kind === 'file' ? settings.path : undefined;
  const isNew = path !== undefined && isMissing(path);
  const name = settings.kind === 'file' ? `file ${settings.path}` : `at ${hostOf(settings.url)}`;
  const requireNone = (state: 'missing' | 'empty'): Promise<void> =>
    requireNothingKept({ name, state, path }, { buckets, log, anew });
  const explained = (error: unknown): never => {
    throw explainUnusable(error, path ?? 'the server');
  };
  if (path !== undefined) {
    removeOldCopies(path);
    if (isNew && !mayBegin) await requireNone('missing');
    if (!isMissing(path) || !mayBegin) requireUsableFile(path);
  }
  const giveWay = (message: string): void => {
    log.error('database taken over', { message });
    onTaken?.();
  };
  // Two hosts on one file would fail in turns; the second one hears who has it.
  const lock =
    path === undefined
      ? undefined
      : await lockDatabaseFile(path, { holder: 'node host', now, onTaken: giveWay }).catch(explained);
  // Behind the lock: another start of this bot is named by that.
  await requireFree(address).catch(async (error: unknown) => {
    await lock?.release();
    throw error;
  });
  const opened = await openDatabase(
    settings,
    (message) => log.warn('journal set aside', { message }),
    async (lost) => {
      log.error('database lost', { message: lost.message });
      await onLost(lost);
    },
  ).catch(explained);
  // An import's merge holds the write lock; waiting for it must not block the event loop.
  const held = holdWrites(opened.db, lock?.requireOurs);
  return {
    ...opened,
    beforeFirst: isNew || mayBegin ? undefined : () => requireNone('empty'),
    db: held.db,
    hold: held.hold,
    explained,
    close: async () => {
      await opened.close();
      await lock?.release();
    },
  };
}

function hostOf(url: string): string {
  return new URL(url.replace(/^libsql:/, 'https:')).host;
}
