/**
 * The snapshot of the embedded database while the bot goes on writing: SQLite itself copies it, in
 * one read transaction (`VACUUM INTO`), and the copy is read in peace. Writers are not held up
 * (WAL), and the write-ahead log is pinned for the seconds of the copy only. The copy has no name
 * while it is used, so nothing is left of it however the process ends. Node only.
 */
import { existsSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { copyName, removeOldCopies } from '../../db/file/copy-name.ts';
import { requireInPlace } from '../../db/file/open-here.ts';
import { settleJournals } from '../../db/file/settle-journals.ts';
import { isLocalFault } from '../../lib/disk/local-fault.ts';
import { realPath } from '../../lib/disk/real-path.ts';
import { runInProcess } from '../foreign/process.ts';
import { MOST_FINDINGS } from '../model/database-damage.ts';
import type { SnapshotFile, SnapshotSource, SourceCheck } from '../model/model.ts';
import { PAGE_SIZE } from '../sqlite/format.ts';
import { openCopyCheck } from './check-copy.ts';
import { openFile, readSnapshot } from './file.ts';
import { questionsBy } from './questions.ts';
import { refuseVectorIndexes } from './scan-sql.ts';
import { storedFile } from './stored-rows.ts';
import { isRefusedSql, removeCopy, vacuumInto } from './vacuum.ts';
import type { VacuumInput } from './vacuum-task.ts';

export interface EmbeddedSnapshotOptions {
  /** The database file. */
  readonly path: string;
  /** Most rows in a batch, 500 by default. */
  readonly batchRows?: number;
  /** How long to wait for a lock, ms; a reader in WAL mode waits only for crash recovery. */
  readonly busyTimeoutMs?: number;
}

/**
 * Databases up to this size are copied on the spot, in about 10 ms; a process of its own would take
 * longer to start.
 */
const SMALL_BYTES = 1_000_000;
/** Bytes of the file a read. */
const CHUNK_BYTES = 256 * 1024;

/**
 * Opens snapshots of a database file, with {@link Snapshot.file}. Needs room for a second copy
 * beside it. Schema and rows are of one transaction, so {@link SchemaChanged} never happens here.
 * Rejects when the file does not exist (it is never made), when the disk is full, or when the
 * encoding is not UTF-8.
 */
export function openEmbeddedSnapshotSource(options: EmbeddedSnapshotOptions): SnapshotSource {
  const { path, batchRows, busyTimeoutMs = 5_000 } = options;
  // Found damaged: the next read takes the rows from a copy whose indexes were made anew.
  let isMending = false;
  const approach = (): void => {
    requireInPlace(realPath(path));
    if (!existsSync(path)) throw new Error(`database file ${path} does not exist`);
    settleJournals(path, { say: console.error, now: () => new Date() });
  };
  return {
    ...questionsBy(async (queries) => {
      approach();
      return runInProcess('ask', { path, queries, busyTimeoutMs });
    }),
    async read(use, { checks } = { checks: false }) {
      approach();
      removeOldCopies(path);
      const copy = copyName(path);
      const mended = checks && isMending ? copyName(path) : undefined;
      let db: ReturnType<typeof openFile> | undefined;
      let handle: FileHandle | undefined;
      const over = new AbortController();
      try {
        const check = await copyDatabase({ path, copy, busyTimeoutMs, checks, mended }, over.signal);
        handle = await open(copy, 'r');
        const isMended = mended !== undefined && existsSync(mended);
        const location = pathToFileURL(isMended ? mended : copy);
        // Nobody else knows of it: no locks, no journal to look for.
        location.searchParams.set('immutable', '1');
        db = openFile(location);
        db.prepare('SELECT 1 FROM sqlite_schema').get();
        removeCopy(copy);
        if (mended !== undefined) removeCopy(mended);
        const file = await fileOf(handle);
        const checked = async (): Promise<SourceCheck> => {
          const found = await check();
          if (found.damage.length > 0 && mended === undefined) throw new DatabaseDamaged(found.damage);
          return found;
        };
        // A mended copy is another file than the one behind the handle.
        const stored = isMended ? undefined : storedFile(db, handle.fd, file.head);
        const result = await readSnapshot(db, { batchRows, stored }, (snapshot) => {
          refuseVectorIndexes(snapshot.schema.indexes);
          return use({ ...snapshot, file, ...(checks && { check: checked }) });
        });
        isMending = false;
        return result;
      } catch (error) {
        isMending = mended === undefined && isDamage(error);
        throw error;
      } finally {
        over.abort(new Error('nobody waits for the check'));
        db?.close();
        await handle?.close();
        removeCopy(copy);
        if (mended !== undefined) removeCopy(mended);
      }
    },
  };
}

/** What was read of a damaged database may be wrong: an index has rows that its table has not. */
class DatabaseDamaged extends Error {
  override readonly name = 'DatabaseDamaged';
  constructor(damage: readonly string[]) {
    super(`the database is damaged: ${damage.slice(0, MOST_FINDINGS).join('; ')}`);
  }
}

/** SQLITE_CORRUPT (11), by Node's binding. */
function isDamage(error: unknown): boolean {
  if (error instanceof DatabaseDamaged) return true;
  return error instanceof Error && /malformed|corrupt/i.test(error.message);
}

/** Returns when the copy is there; what it gives is known later. */
async function copyDatabase(input: VacuumInput, signal: AbortSignal): Promise<() => Promise<SourceCheck>> {
  const { path, copy } = input;
  const bytes = sizeOf(path) + sizeOf(`${path}-wal`);
  try {
    if (bytes <= SMALL_BYTES && input.mended === undefined && isCopiedHere(input)) {
      const found = input.checks ? checkHere(copy) : undefined;
      return async () => requireCheck(found);
    }
    const debris = [copy, ...(input.mended === undefined ? [] : [input.mended])].flatMap((file) => [
      file,
      `${file}-journal`,
    ]);
    let found: Promise<SourceCheck | undefined> | undefined;
    await new Promise<void>((resolve, reject) => {
      found = runInProcess('vacuum', input, { debris, signal, onMessage: () => resolve() });
      found.then(() => resolve(), reject);
    });
    return async () => requireCheck(await found);
  } catch (cause) {
    throw new Error(`no copy of the database ${path}${remedyOf(cause, bytes)}`, { cause });
  }
}

function checkHere(copy: string): SourceCheck {
  const opened = openCopyCheck(copy);
  try {
    return opened.check();
  } finally {
    opened.close();
  }
}

function requireCheck(found: SourceCheck | undefined): SourceCheck {
  if (found === undefined) throw new Error('the snapshot was not asked for its check');
  return found;
}

function remedyOf(cause: unknown, bytes: number): string {
  if (isLocalFault(cause)) return `: it takes up to ${Math.ceil(bytes / 1e6)} MB beside it`;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  // libsql has no name for SQLITE_READONLY_DIRECTORY.
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code))
    return ': the database is damaged (docs/operations.md, "The database file is damaged")';
  return /^SQLITE_(CANTOPEN|READONLY)|_1544$/.test(code)
    ? ': it is made beside it, so the directory must be writable'
    : '';
}

/** False for what takes {@link vacuumOldIntoAlone}. */
function isCopiedHere({ path, copy, busyTimeoutMs }: VacuumInput): boolean {
  try {
    vacuumInto(path, copy, busyTimeoutMs);
    return true;
  } catch (error) {
    if (!isRefusedSql(error)) throw error;
    removeCopy(copy);
    return false;
  }
}

async function fileOf(handle: FileHandle): Promise<SnapshotFile> {
  const head = new Uint8Array(PAGE_SIZE);
  await handle.read(head, 0, PAGE_SIZE, 0);
  return {
    head,
    async *rest() {
      const chunk = new Uint8Array(CHUNK_BYTES);
      for (let at = PAGE_SIZE; ; ) {
        const { bytesRead } = await handle.read(chunk, 0, CHUNK_BYTES, at);
        if (bytesRead === 0) return;
        at += bytesRead;
        yield chunk.subarray(0, bytesRead);
      }
    },
  };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
