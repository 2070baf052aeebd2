/**
 * Whether the newest backup may count as what it says. Its manifest is what anybody with the
 * bucket's key can write: so the first line of its document is asked, which nobody can write
 * without the passphrase, and the database's record of runs, which the bucket's key does not reach.
 */
import { hasNoKey, type OpeningKeys } from '../envelope/types.ts';
import { openUnsealed } from '../envelope/unseal.ts';
import { type Bucket, type Doubt, nowOf } from './bucket.ts';
import type { Ledger } from './ledger.ts';
import type { Manifest } from './manifest.ts';
import { DOCUMENT_HEAD, isNamedAhead, namedOtherwise, otherInHead } from './not-itself.ts';

type RunRecord = Pick<Ledger, 'newestDone' | 'triggers'>;

/** Answers with the database's record; undefined: there is none, or it does not answer. */
type AskRecord = <T>(question: (record: RunRecord) => Promise<T>) => Promise<T | undefined>;

export function withDoubts<Where extends Bucket>(
  bucket: Where,
  keys: OpeningKeys | undefined,
  askRecord: AskRecord | undefined,
): Where {
  return { ...bucket, doubt: doubtsOf(bucket, keys, askRecord) };
}

/** Never rejects: what cannot be looked into is not doubted, and others meet the same trouble. */
function doubtsOf(
  bucket: Bucket,
  keys: OpeningKeys | undefined,
  askRecord: AskRecord | undefined,
): NonNullable<Bucket['doubt']> {
  /** By the manifest: a look costs a request, and scrypt takes a Worker 50 ms. */
  const looked = new Map<string, string | undefined>();
  const mislabelled = async (manifest: Manifest): Promise<string | undefined> => {
    const known = JSON.stringify([manifest.name, manifest.started_at, manifest.objects.document.sha256]);
    if (!looked.has(known)) {
      const head = await headOf(bucket, manifest, keys).catch(() => undefined);
      if (head === undefined) return namedUnseen(manifest);
      looked.set(known, otherInHead(head, manifest));
    }
    return looked.get(known);
  };
  const isRecorded = (name: string): Promise<boolean | undefined> | undefined =>
    askRecord?.(async (record) => (await record.triggers([name])).has(name)).catch(() => undefined);
  /** Where the document cannot be read, the database's record alone tells whose the name is. */
  const namedUnseen = async (manifest: Manifest): Promise<string | undefined> =>
    isNamedAhead(manifest) && (await isRecorded(manifest.name)) !== true
      ? namedOtherwise(manifest)
      : undefined;
  return async ({ manifest, name, time }) => {
    if (manifest === undefined) return undefined;
    const problem = await mislabelled(manifest);
    if (problem !== undefined) return { kind: 'mislabelled', problem };
    const isUnrecorded = await askRecord?.(async (record) => {
      const run = await record.newestDone(nowOf(bucket));
      // The record keeps whole seconds.
      if (run === undefined || Math.floor(time.getTime() / 1000) * 1000 <= run.startedAt.getTime())
        return false;
      return !(await record.triggers([name])).has(name);
    }).catch(() => undefined);
    return isUnrecorded === true ? { kind: 'unrecorded' } : undefined;
  };
}

export const UNRECORDED =
  'no run on the record of this database made it: another database’s bot did, or somebody put it there';

/** For people, of one that is taken by its name. */
export function doubtText({ name }: { readonly name: string }, doubt: Doubt): string {
  return `${name}: ${doubt.kind === 'unrecorded' ? UNRECORDED : doubt.problem}`;
}

/** The first bytes of the document; undefined: nobody can tell. */
async function headOf(
  { store, prefix }: Bucket,
  { objects: { document } }: Manifest,
  keys: OpeningKeys | undefined,
): Promise<string | undefined> {
  const encrypted = document.encoding.includes('age');
  if (encrypted && hasNoKey(keys)) return undefined;
  const object = await store.get(`${prefix}${document.file}`);
  if (object === undefined) return undefined;
  let head = '';
  for await (const chunk of openUnsealed(object.body, { encrypted, keys })) {
    head += new TextDecoder().decode(chunk.subarray(0, DOCUMENT_HEAD));
    if (head.length >= DOCUMENT_HEAD) break;
  }
  return head;
}
