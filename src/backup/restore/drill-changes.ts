/**
 * The proof of the change log: the full backup before the newest one, and the changes between the
 * two, make the newest one, table by table. Node only.
 */
import { DAY_MS } from '../../text/times.ts';
import type { Bucket } from '../catalog/bucket.ts';
import type { BackupEntry } from '../catalog/entry.ts';
import { listBackups } from '../catalog/list.ts';
import { listChanges, orderedOf } from '../changes/list-changes.ts';
import type { Base, StoredChange } from '../changes/listed.ts';
import { fileBefore, goneText, keyBefore } from '../changes/previous.ts';
import { ChangeIndex } from '../changes/spans.ts';
import type { OpenOptions } from '../verify/open-object.ts';
import type { RestoreSource } from './fetch-backup.ts';
import { fetchSource } from './source.ts';

export interface ChainProof {
  /** The older backup's name. */
  readonly from: string;
  readonly files: number;
  /** Tables that came out as the newest backup has them. */
  readonly tables: number;
}

/**
 * Undefined where no file lies between the two, or they are of two histories.
 * @throws what does not agree, naming the table; what is wrong with a file
 */
export async function proveChain(
  bucket: Bucket,
  newest: BackupEntry,
  { keys, directory }: { readonly keys: OpenOptions['keys']; readonly directory: string },
): Promise<ChainProof | undefined> {
  const { entries } = await listBackups(bucket);
  const { bases, files: stored } = orderedOf(bucket, entries, (await listChanges(bucket)).files);
  const index = new ChangeIndex(stored);
  requireLast(bases, newest, stored);
  const pair = pairOf(bases, newest, index);
  if (pair === undefined) return undefined;
  const { older, stop } = pair;
  const files = index.of(stop.timeline).filter((file) => file.last <= stop.last);
  const point = {
    at: stop.time,
    time: stop.time,
    timeline: stop.timeline,
    seq: stop.last,
    short: undefined,
    isBestEffort: false,
    ways: [{ base: older, files, stop }],
  };
  const source = await fetchSource({ kind: 'point', point }, { bucket, keys, directory });
  const compared = differences(source, newest);
  const [wrong] = compared.wrong;
  if (wrong !== undefined)
    throw new Error(
      `changes: table ${wrong} of backup ${older.entry.name} with the changes behind it is not as in backup ${newest.name}`,
    );
  const between = index.behind(older).filter((file) => file.last <= stop.last);
  return { from: older.entry.name, files: between.length, tables: compared.tables };
}

/** @throws where the file is gone that the newest backup says came last before it */
function requireLast(bases: readonly Base[], newest: BackupEntry, files: readonly StoredChange[]): void {
  const at = bases.findIndex(({ entry }) => entry.name === newest.name);
  const base = bases[at];
  const previous = fileBefore(base?.changes?.previous);
  if (base === undefined || previous === undefined) return;
  const last = keyBefore(previous);
  const isThere = last === undefined || files.some(({ file }) => file === previous.file);
  const isWanted = bases
    .slice(0, at)
    .some(({ changes }) => changes?.timeline === last?.timeline && (changes?.seq ?? 0) < (last?.last ?? 0));
  // Retention takes none so young.
  if (isThere || !isWanted || last.time.getTime() < base.time.getTime() - DAY_MS) return;
  throw new Error(`changes: ${goneText(previous.file, `backup ${newest.name}`)}`);
}

/** The backup before it in the same history, where a file ends at the very place of the newest. */
function pairOf(
  bases: readonly Base[],
  newest: BackupEntry,
  index: ChangeIndex,
): { readonly older: Base; readonly stop: StoredChange } | undefined {
  const at = bases.findIndex(({ entry }) => entry.name === newest.name);
  const changes = bases[at]?.changes;
  const previous = fileBefore(changes?.previous);
  if (changes === undefined || previous === undefined) return undefined;
  const { timeline, seq, schema_sha256 } = changes;
  const older = bases
    .slice(0, at)
    .findLast((base) => base.changes?.timeline === timeline && base.changes.schema_sha256 === schema_sha256);
  const stop = older && index.behind(older).find(({ file }) => file === previous.file);
  // What waited when the newest was made is in no file that ends there.
  return older === undefined ||
    stop === undefined ||
    stop.last !== seq ||
    stop.last <= (older.changes?.seq ?? 0)
    ? undefined
    : { older, stop };
}

function differences(
  { tables, covered = [] }: RestoreSource,
  { manifest }: BackupEntry,
): { readonly wrong: readonly string[]; readonly tables: number } {
  const found = new Map(tables.map((table) => [table.table, table.sha256]));
  const wanted = (manifest?.tables ?? []).filter(({ name }) => covered.includes(name));
  const wrong = wanted.flatMap(({ name, sha256 }) => (found.get(name) === sha256 ? [] : [name]));
  return { wrong, tables: wanted.length };
}
