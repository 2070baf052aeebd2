/** A world whose database is backed up, and targets to bring it back to. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Fault, RequestRecord } from '../../../sim/sql-over-http/request-faults.ts';
import { type SqlServer, startSqlServer } from '../../../sim/sql-over-http/sql-server.ts';
import { newestVerified } from '../../../src/backup/catalog/list.ts';
import { restore } from '../../../src/backup/restore/restore.ts';
import type {
  RestoreOptions,
  RestoreParts,
  RestoreReport,
} from '../../../src/backup/restore/restore-steps.ts';
import { runBackup } from '../../../src/backup/run/run.ts';
import { digestFile } from '../../../src/backup/verify/file-digests.ts';
import type { World } from '../../support/backup-world.ts';
import { serverKind } from '../../support/server-kind.ts';

export function partsOf(world: World, change: Partial<RestoreParts> = {}): RestoreParts {
  return {
    bucket: world.context,
    keys: world.context.keys,
    target: { kind: 'file', path: join(world.directory, 'restored.db') },
    context: undefined,
    closeTarget: () => {},
    clock: world.clock,
    random: () => 0.5,
    fetch,
    ...change,
  };
}

export async function backUp(world: World): Promise<string> {
  const outcome = await runBackup(world.context, { trigger: 'command', scheduledAt: world.clock.now() });
  world.clock.advance(60_000);
  if (outcome.kind !== 'done') throw new Error(`no backup: ${JSON.stringify(outcome)}`);
  return outcome.name;
}

export async function newest(world: World): Promise<RestoreOptions['from']> {
  const entry = await newestVerified(world.context);
  if (entry === undefined) throw new Error('no backup');
  return { kind: 'backup', entry };
}

export async function restoreNewest(
  world: World,
  change: Partial<RestoreParts> = {},
  options: Partial<RestoreOptions> = {},
): Promise<RestoreReport> {
  return restore(partsOf(world, change), { from: await newest(world), ...options });
}

/** Table -> digest; what the engine itself moves on may be left out. */
export async function contents(
  path: string,
  without: readonly string[] = [],
): Promise<Record<string, string>> {
  const { tables } = await digestFile(path);
  return Object.fromEntries(
    tables.filter(({ table }) => !without.includes(table)).map(({ table, sha256 }) => [table, sha256]),
  );
}

export function rowsOf(path: string, query: string): unknown[] {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return db
      .prepare(query)
      .all()
      .map((row) => Object.values(row).join(' '));
  } finally {
    db.close();
  }
}

export interface Remote {
  readonly server: SqlServer;
  readonly target: RestoreParts['target'];
  /** The server's file; look at it only when the server is closed. */
  readonly file: string;
}

export async function startRemote(
  directory: string,
  faults: (request: RequestRecord) => Fault | undefined = () => undefined,
): Promise<Remote> {
  const file = join(directory, 'server.db');
  const server = await startSqlServer({ ...serverKind(), file, faults, authToken: 'token' });
  return { server, file, target: { kind: 'remote', url: server.url, authToken: 'token' } };
}
