/**
 * A whole backup without a database: the order of a run (backup/run/run.ts), its own lease, record,
 * proof, manifest and what comes after it, with two prepared objects in the place of a snapshot's.
 */
import { createHash } from 'node:crypto';
import { changeState, manifestChangesOf } from '../../../src/backup/catalog/change-state.ts';
import {
  createManifest,
  isSafetyTrigger,
  serializeManifest,
  type Trigger,
} from '../../../src/backup/catalog/manifest.ts';
import { databaseKey, documentKey, manifestKey } from '../../../src/backup/catalog/names.ts';
import { clearEarlyVerdict } from '../../../src/backup/catalog/verdicts.ts';
import type { Contents } from '../../../src/backup/envelope/hash-contents.ts';
import { measured } from '../../../src/backup/envelope/hash-contents.ts';
import { openSealed } from '../../../src/backup/envelope/seal.ts';
import type { Encryption } from '../../../src/backup/envelope/types.ts';
import { begin } from '../../../src/backup/run/begin.ts';
import { chooseName } from '../../../src/backup/run/choose-name.ts';
import { failed } from '../../../src/backup/run/failure.ts';
import { takeLease } from '../../../src/backup/run/lease.ts';
import { confirmPublished, publish, publishedFile } from '../../../src/backup/run/publish.ts';
import { cleanUp, settle } from '../../../src/backup/run/settle.ts';
import { type JustWritten, prove } from '../../../src/backup/verify/prove-objects.ts';
import { type Database, one, sql } from '../../../src/db/database.ts';
import { createMemoryStore } from '../../support/memory-store.ts';
import { BOT, type Host } from './host.ts';
import type { Truth } from './truth.ts';

/** An object as it is stored, and what is in it. */
export interface Prepared {
  readonly body: Uint8Array;
  readonly contents: Contents;
}
export type PreparedPair = Readonly<Record<'database' | 'document', Prepared>>;

const PAIRS = 5;

/** Small ones that differ: what is of one backup is not of another. */
export async function preparePairs(encryption: Encryption | undefined): Promise<readonly PreparedPair[]> {
  const pairs: PreparedPair[] = [];
  for (let i = 0; i < PAIRS; i += 1) {
    const database = await prepare(`SQLite format 3, or nearly: ${'0123456789'.repeat(20 + i)}`, encryption);
    const document = await prepare(`{"anime":[],"number":${i}}`, encryption);
    pairs.push({ database, document });
  }
  return pairs;
}

async function prepare(text: string, encryption: Encryption | undefined): Promise<Prepared> {
  const store = createMemoryStore(() => new Date(0));
  const sealed = { headLength: 0, gzipLevel: 1, encryption };
  const writer = measured(await openSealed((headLength) => store.create('object', { headLength }), sealed));
  await writer.write(new TextEncoder().encode(text));
  await writer.close(new Uint8Array(0));
  const body = store.objects.get('object')?.body;
  if (body === undefined || writer.closed === undefined) throw new Error('nothing was prepared');
  return { body, contents: writer.closed.contents };
}

export interface BackupWish {
  readonly trigger: Trigger;
  /** Of the table that must not shrink unnoticed. */
  readonly rows: number;
  readonly pair: PreparedPair;
  /** Where nothing is in the way of a look. */
  readonly db: Database;
  /** Ms since 1970, by no host's clock. */
  readonly time: number;
}

/** Its name when it was made; undefined otherwise. Rejects never, as a run does. */
export async function makeBackup(
  { context }: Host,
  truth: Truth,
  wish: BackupWish,
): Promise<string | undefined> {
  const { ledger, clock } = context;
  const startedAt = clock.now();
  const { trigger } = wish;
  let release = async (): Promise<void> => {};
  try {
    const taken = await takeLease(ledger, context.holder, clock);
    if (taken.kind === 'busy') return undefined;
    const { lease } = taken;
    release = () => lease.release();
    const choice = await chooseName(context, startedAt, { mayRepeat: trigger === 'schedule' });
    if (choice.kind === 'exists') return undefined;
    const { name } = choice;
    const run = { name, fence: lease.fence ?? 0, trigger, scheduledAt: startedAt, startedAt };
    const begun = await begin(context, run);
    if ('error' in begun) {
      await failed(context, { name, error: begun.error, left: [] });
      return undefined;
    }
    const objects = new Set<string>();
    const making = makeObjects(context, truth, { ...wish, name, startedAt, objects });
    let made: Awaited<typeof making> | undefined;
    try {
      made = await making;
      await clearEarlyVerdict(context, name);
      await lease.confirm(publishedFile(made.manifest));
      await publish(context, made.manifest);
      await confirmPublished(context, lease, made.manifest);
    } catch (error) {
      const left = await cleanUp(context, { making, manifest: made?.manifest, objects });
      await failed(context, { name, error, left });
      return undefined;
    }
    await settle(context, { name, ...made, lease, dead: begun.dead, problems: begun.problems });
    return name;
  } catch (error) {
    await failed(context, { name: undefined, error, left: [] });
    return undefined;
  } finally {
    await release();
  }
}

interface Making extends BackupWish {
  readonly name: string;
  readonly startedAt: Date;
  /** What is in the store by this run's doing. */
  readonly objects: Set<string>;
}

async function makeObjects(
  context: Host['context'],
  truth: Truth,
  { name, startedAt, objects, pair, db, trigger, rows, time }: Making,
) {
  const { store, prefix, encryption, clock } = context;
  const isSealed = encryption !== undefined;
  const [state, last] = await db.read([
    changeState,
    one(sql("SELECT seq FROM sqlite_sequence WHERE name = 'change_log'"), (row) => row.int('seq')),
  ]);
  if (state === undefined) throw new Error('no change log');
  const position = { state, changes: manifestChangesOf(state, last ?? 0) };
  const send = async (key: string, { body, contents }: Prepared): Promise<JustWritten> => {
    const writer = await store.create(key, { headLength: 0 });
    try {
      await writer.write(body);
      const written = await writer.close(new Uint8Array(0));
      objects.add(key);
      return { key, written, contents };
    } catch (error) {
      await writer.abort(error);
      throw error;
    }
  };
  const database = await send(databaseKey(prefix, name, isSealed), pair.database);
  const document = await send(documentKey(prefix, name, isSealed), pair.document);
  const proof = await prove(
    context,
    { name, started_at: startedAt.toISOString() },
    { database, document },
    async () => {},
  );
  const now = clock.now().toISOString();
  const sha256 = createHash('sha256').update(name).digest('hex');
  const manifest = createManifest({
    ...{ name, trigger, app_version: '0.1.0', schema_version: null },
    ...{ scheduled_at: startedAt.toISOString(), started_at: startedAt.toISOString(), finished_at: now },
    objects: proof.objects,
    schema_sha256: sha256,
    tables: [{ name: 'users', kind: 'table', rows, sha256 }],
    changes: position.changes,
    bot: { id: BOT, username: 'bot' },
    ...{ libraries: {}, verified_at: now, proof: proof.proof },
  });
  const file = manifestKey('', name);
  truth.addBackup({
    ...{ name, time, rows, manifest: file, changes: position.changes },
    isSafety: isSafetyTrigger(trigger),
    objects: new Map([
      [proof.objects.database.file, pair.database.body],
      [proof.objects.document.file, pair.document.body],
      [file, new Uint8Array(serializeManifest(manifest))],
    ]),
  });
  return { manifest, position };
}
