/**
 * Snapshot -> both objects in the bucket, from one read of the database (docs/architecture.md, "The
 * way of one row into a backup").
 */
import { abortable, reasonOf } from '../../lib/clock.ts';
import { DATABASE_READ, retry } from '../../lib/retry.ts';
import type { BasePosition } from '../catalog/change-state.ts';
import type { Manifest, Trigger } from '../catalog/manifest.ts';
import { type BackupName, databaseKey, documentKey } from '../catalog/names.ts';
import { isNamedAhead } from '../catalog/not-itself.ts';
import { sweepUploads } from '../catalog/sweep-debris.ts';
import { createDocumentSink } from '../document/writer.ts';
import { type MeasuredWriter, measured } from '../envelope/hash-contents.ts';
import { openSealed } from '../envelope/seal.ts';
import { ScanCounts } from '../model/database-damage.ts';
import { createDigestSink, type TableDigest } from '../model/digest.ts';
import { feed } from '../model/fan-out.ts';
import { SchemaChanged, type SnapshotSink, type SourceCheck } from '../model/model.ts';
import { onlyOursSink } from '../schema/whose.ts';
import { createDatabaseSink, PAGE_SIZE } from '../sqlite/database-sink.ts';
import { PartLane } from '../store/part-lane.ts';
import { ObjectExists, type WrittenObject } from '../store/types.ts';
import { createOwnWords } from '../verify/own-words.ts';
import type { JustWritten } from '../verify/prove-objects.ts';
import { createBotSink } from '../verify/snapshot-bot.ts';
import { createPositionSink } from '../verify/snapshot-position.ts';
import { checkAll } from './check-all.ts';
import type { BackupContext } from './context.ts';
import { createSchemaVersionSink } from './schema-version.ts';

export interface Captured {
  readonly database: JustWritten;
  readonly document: JustWritten;
  readonly tables: readonly TableDigest[];
  readonly schemaSha256: string;
  readonly schemaVersion: number | null;
  /** Where the change log stood; undefined where there is none. */
  readonly position: BasePosition | undefined;
  readonly bot: Manifest['bot'];
  /** What is wrong with the database that was read; empty: nothing was found. */
  readonly check: SourceCheck;
}

export interface CaptureOptions {
  readonly name: BackupName;
  readonly trigger: Trigger;
  readonly startedAt: Date;
  /** The database has the run on its record. */
  readonly isRecorded: boolean;
  readonly signal: AbortSignal;
  /** After every batch of rows: rows and bytes of contents so far. May throw to stop. */
  readonly onProgress: (rows: number, bytes: number) => Promise<void>;
  /** Told of every batch of rows that the database was asked for, by attempts that fail too. */
  readonly onRead: (rows: number) => void;
  /**
   * Told of every object that is in the store by our doing; nothing else under the name is ours to
   * remove.
   */
  readonly onObject: (key: string) => void;
}

/**
 * Reads the database once and writes both objects side by side; again from the start when the
 * schema changed or the database broke off. Rejects with nothing of it left in the store, as far as
 * the store lets it be removed.
 */
export function capture(context: BackupContext, options: CaptureOptions): Promise<Captured> {
  const { clock, random } = context;
  const { signal } = options;
  return retry(DATABASE_READ, { sleep: clock.sleep, random, signal }, () => captureOnce(context, options));
}

async function captureOnce(context: BackupContext, options: CaptureOptions): Promise<Captured> {
  const { store, prefix, encryption } = context;
  const { signal } = options;
  const encrypted = encryption !== undefined;
  const keys = {
    database: databaseKey(prefix, options.name, encrypted),
    document: documentKey(prefix, options.name, encrypted),
  };
  const lane = new PartLane();
  const opened: MeasuredWriter<WrittenObject>[] = [];
  const open = async (key: string, headLength: number): Promise<MeasuredWriter<WrittenObject>> => {
    const sealed = { headLength, gzipLevel: context.gzipLevel, encryption };
    const writer = measured(
      await openSealed((length) => store.create(key, { headLength: length, lane }), sealed),
    );
    opened.push(writer);
    return writer;
  };
  try {
    const database = await open(keys.database, PAGE_SIZE);
    const document = await open(keys.document, 0);
    let rows = 0;
    const onRows = async (count: number): Promise<void> => {
      options.onRead(count);
      if (signal.aborted) throw reasonOf(signal);
      rows += count;
      await options.onProgress(rows, database.bytes + document.bytes);
    };
    const sinks = await abortable(readInto(context, { ...options, database, document, onRows }), signal);
    await abortable(
      Promise.all([sinks.database.finish(), sinks.document.finish(), sinks.digest.finish()]),
      signal,
    );
    for (const key of Object.values(keys)) options.onObject(key);
    return {
      database: captured(keys.database, database),
      document: captured(keys.document, document),
      tables: sinks.digest.result(),
      schemaSha256: sinks.digest.schemaSha256(),
      schemaVersion: sinks.version.version ?? null,
      position: sinks.position.position,
      bot: sinks.bot.bot,
      check: sinks.check,
    };
  } catch (error) {
    await Promise.all(opened.map((writer) => writer.abort(error)));
    // One of the two may have been complete already, and an upload may have begun although nobody
    // was told. What cannot be removed now is removed by the run's own clean-up, or by the next
    // run.
    const closed = opened.flatMap((writer) => writer.closed?.result.key ?? []);
    const [deleted] = await Promise.allSettled([
      store.delete(closed),
      // Of a name that is taken, the uploads may be another's.
      error instanceof ObjectExists ? 0 : sweepUploads(context, options.name, context.clock.now()),
    ]);
    // What is gone is not ours any more: by the next attempt another deployment may have made a
    // backup of this name.
    (deleted.status === 'fulfilled' ? deleted.value.remaining : closed).forEach(options.onObject);
    throw error;
  }
}

interface Outputs extends CaptureOptions {
  readonly database: MeasuredWriter<WrittenObject>;
  readonly document: MeasuredWriter<WrittenObject>;
  readonly onRows: (count: number) => Promise<void>;
}

interface Sinks {
  readonly database: SnapshotSink;
  readonly document: SnapshotSink;
  readonly digest: ReturnType<typeof createDigestSink>;
  readonly version: ReturnType<typeof createSchemaVersionSink>;
  readonly position: ReturnType<typeof createPositionSink>;
  readonly bot: ReturnType<typeof createBotSink>;
}

async function readInto(
  context: BackupContext,
  outputs: Outputs,
): Promise<Sinks & { readonly check: SourceCheck }> {
  // The document names it in its first lines, before the rows that tell it: a look ahead, checked
  // below.
  const schemaVersion = await context.ledger.schemaVersion();
  const said = {
    name: outputs.name,
    trigger: outputs.trigger,
    started_at: outputs.startedAt.toISOString(),
  };
  const meta = {
    backupTime: outputs.startedAt,
    ...(isNamedAhead(said) && { name: said.name }),
    appVersion: context.appVersion,
    ...(schemaVersion === undefined ? {} : { schemaVersion }),
  };
  const words = createOwnWords(said);
  const sinks: Sinks = {
    database: createDatabaseSink(outputs.database),
    document: createDocumentSink(outputs.document, meta),
    digest: createDigestSink(),
    version: createSchemaVersionSink(),
    position: createPositionSink(),
    bot: createBotSink(),
  };
  const { document: ordered, ...others } = sinks;
  const check = await context.source.read(
    async (snapshot) => {
      const counts = new ScanCounts();
      const guard = context.onlyOurs === true ? [onlyOursSink()] : [];
      await feed(
        snapshot,
        { ordered, others: [...guard, ...words.sinks, ...Object.values(others)] },
        outputs.onRows,
        counts,
      );
      return checkAll(snapshot, sinks.version.all, counts);
    },
    { checks: true, signal: outputs.signal },
  );
  if (sinks.version.version !== schemaVersion)
    throw new SchemaChanged('a migration ran while the database was being read');
  const difference = words.difference();
  if (outputs.isRecorded && difference !== undefined)
    throw new Error(`what was read is not this database as it is now: ${difference}`);
  return { ...sinks, check };
}

function captured(key: string, writer: MeasuredWriter<WrittenObject>): JustWritten {
  if (writer.closed === undefined) throw new Error(`${key} was not closed by its writer`);
  return { key, written: writer.closed.result, contents: writer.closed.contents };
}
