/** A backup in the place of a server's database, under the lease of a run. Node only. */
import { randomUUID } from 'node:crypto';
import { takeLease } from '../run/lease.ts';
import { strangersOf } from '../schema/strangers.ts';
import { openFileSnapshotSource } from '../snapshot/file.ts';
import { connectSqlHttp } from '../sql-http/sql-http.ts';
import { openSqlSession } from '../sql-http/sql-session.ts';
import { sqlSessionSite } from '../staged/sql-session-site.ts';
import { clearStaged } from '../staged/staged-transaction.ts';
import { askAgain } from './compare-staged.ts';
import { refuseStrangers } from './refuse-strangers.ts';
import {
  fetchAndCheck,
  isGuarded,
  type RestoreOptions,
  type RestoreParts,
  type RestoreReport,
  report,
  saved,
  sourceOf,
  stopWhenAsked,
} from './restore-steps.ts';
import { lastUpdate, type RemoteTarget, restoreRemote } from './swap-server.ts';

/** A statement on a large table takes a while, and a server says nothing until it is done. */
const WRITE_SILENCE_MS = 600_000;

export async function restoreServer(
  parts: RestoreParts,
  options: RestoreOptions,
  directory: string,
): Promise<RestoreReport> {
  const { target, clock, random, fetch, context } = parts;
  if (target.kind !== 'remote') throw new Error('not a server');
  const source = await fetchAndCheck(parts, options, directory);
  const server = connectSqlHttp({
    url: target.url,
    authToken: target.authToken,
    fetch,
    silenceMs: WRITE_SILENCE_MS,
  });
  const remote: RemoteTarget = {
    session: openSqlSession({ server, clock, random }),
    source: sourceOf(parts),
  };
  if (isGuarded(options)) {
    const { objects } = await askAgain(() => remote.source.schema());
    refuseStrangers(source, strangersOf(objects));
  }
  await clearStaged(sqlSessionSite(remote.session), 'restore');
  const handled = context && (await lastUpdate(remote));
  const safety = await saved(parts, options, source, directory);
  const lease = context && (await takeLease(context.ledger, `restore by ${context.holder}`, clock));
  if (lease?.kind === 'busy')
    throw new Error(
      `another run is under way (${lease.holder}); try again when it is done, or in ${lease.secondsLeft} s if it died`,
    );
  const total = source.tables.reduce((sum, { rows }) => sum + rows, 0);
  try {
    const notes = await restoreRemote(remote, {
      id: randomUUID(),
      from: openFileSnapshotSource({ path: source.path }),
      wanted: source.tables,
      only: options.only,
      isEmpty: options.isEmpty === true,
      origin: source.origin,
      lastUpdate: handled,
      onRows: async (done) => {
        stopWhenAsked(options);
        options.onProgress?.({ phase: 'load', done, total });
        await lease?.lease.beat();
      },
      onCompare: () => options.onProgress?.({ phase: 'compare', done: 0, total: undefined }),
      beforeSwap: async () => {
        stopWhenAsked(options);
        await lease?.lease.confirm();
        options.onProgress?.({ phase: 'swap', done: 0, total: undefined });
      },
    });
    const made = report(source, options);
    return {
      ...made,
      safety: safety.name,
      kept: undefined,
      notes: [...made.notes, ...safety.notes, ...notes],
    };
  } finally {
    await lease?.lease.release();
  }
}
