/** Where the bot's database lives: in a file beside it, or behind a server. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { openSqlServer } from '../../sim/sql-over-http/in-process-server.ts';
import type { RowSource, SnapshotSource } from '../../src/backup/model/model.ts';
import { fileCalls } from '../../src/backup/restore/file-calls.ts';
import type { RestoreParts } from '../../src/backup/restore/restore-steps.ts';
import { createBackupLedger } from '../../src/backup/run/backup-runs.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { openRemoteSnapshotSource } from '../../src/backup/snapshot/remote.ts';
import type { Database } from '../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { openRemoteDatabase } from '../../src/db/remote-database.ts';
import { faultyLedger } from '../support/faulty-edges.ts';
import type { Chaos } from './chaos.ts';
import type { DatabaseTime } from './database-time.ts';
import { chaoticDatabase, chaoticFetch, chaoticFiles, chaoticSource } from './edges.ts';

/** The database through a chaotic edge, or through a calm one. */
export interface Reached {
  readonly db: Database;
  readonly ledger: ReturnType<typeof createBackupLedger>;
  readonly source: RowSource;
  readonly schema: SnapshotSource['schema'];
  readonly restoreParts: Pick<RestoreParts, 'target' | 'closeTarget' | 'fetch' | 'files'>;
}

export interface Host {
  readonly kind: 'file' | 'server';
  /** The database's file. */
  readonly path: string;
  /** The database, for looking on and for writing as the bot does: without a server in between. */
  direct(): Promise<Database>;
  reach(chaos: Chaos | undefined): Promise<Reached>;
  /** Ends the host. Returns what SQLite says of the file then. */
  close(): Promise<string>;
}

export const FILE = 'bot.db';

/** @param template undefined: the file is there */
export async function openFileHost(
  template: string | undefined,
  directory: string,
  time: DatabaseTime,
): Promise<Host> {
  const path = join(directory, FILE);
  if (template !== undefined) copyFileSync(template, path);
  let open: Database | undefined;
  const closeTarget = (): void => {
    open?.close();
    open = undefined;
  };
  const direct = async (): Promise<Database> => {
    open ??= time.database(await openEmbeddedDatabase(path));
    return open;
  };
  return {
    kind: 'file',
    path,
    direct,
    async reach(chaos) {
      const db = await direct();
      const ledger = createBackupLedger(db);
      const source = openEmbeddedSnapshotSource({ path });
      const target = { kind: 'file', path } as const;
      if (chaos === undefined)
        return {
          db,
          ledger,
          source,
          schema: source.schema,
          restoreParts: { target, closeTarget, fetch, files: fileCalls },
        };
      const disturbed = chaos.side('database', (what) => new Error(`${what}: database is locked`));
      return {
        db: chaoticDatabase(db, chaos),
        ledger: { ...ledger, ...faultyLedger(ledger, disturbed) },
        source: chaoticSource(source, chaos),
        schema: () => disturbed.call('schema', source.schema),
        restoreParts: { target, closeTarget, fetch, files: chaoticFiles(fileCalls, chaos) },
      };
    },
    async close() {
      closeTarget();
      return integrityOf(path);
    },
  };
}

export async function openServerHost(template: string, directory: string, time: DatabaseTime): Promise<Host> {
  const path = join(directory, 'server.db');
  copyFileSync(template, path);
  const server = openSqlServer({ file: path });
  const serve = time.fetch(server.fetch);
  const url = 'http://database.invalid';
  const opened: Database[] = [];
  const reach = (fetcher: typeof fetch): Reached => {
    const db = openRemoteDatabase({ url, authToken: undefined, fetch: fetcher });
    opened.push(db);
    const source = openRemoteSnapshotSource({ url, fetch: fetcher });
    return {
      db,
      ledger: createBackupLedger(db),
      source,
      schema: source.schema,
      restoreParts: {
        target: { kind: 'remote', url, authToken: undefined },
        closeTarget: () => {},
        fetch: fetcher,
      },
    };
  };
  const calm = reach(serve);
  const beside = time.database(patient(await openEmbeddedDatabase(path, 1)));
  return {
    kind: 'server',
    path,
    direct: async () => beside,
    reach: async (chaos) => (chaos === undefined ? calm : reach(chaoticFetch(serve, chaos))),
    async close() {
      for (const db of [beside, ...opened]) db.close();
      server.close();
      return integrityOf(path);
    },
  };
}

/**
 * A client that waits for a lock as SQLite does, by holding up its process, would hold up the
 * server as well, which is in this process with a transaction half done.
 */
function patient(db: Database): Database {
  const write: Database['write'] = async (statements) => {
    for (let tries = 0; ; tries += 1)
      try {
        return await db.write(statements);
      } catch (error) {
        if (tries === MOST_TRIES || !/SQLITE_BUSY/.test(String(error))) throw error;
        await setTimeout(1);
      }
  };
  return { ...db, write };
}

const MOST_TRIES = 5_000;

function integrityOf(path: string): string {
  const db = new DatabaseSync(path, { timeout: 10_000 });
  try {
    const rows = [
      ...db.prepare('PRAGMA integrity_check').all(),
      ...db.prepare('PRAGMA foreign_key_check').all(),
    ];
    return rows.map((row) => Object.values(row).join(' ')).join('; ');
  } finally {
    db.close();
  }
}
