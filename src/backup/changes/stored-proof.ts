/** Whether stored bytes are the change file that their name says. Runs in workerd and on Node. */
import { explain } from '../../lib/clock.ts';
import { hasNoKey, type OpeningKeys, UnsealError } from '../envelope/types.ts';
import { ChangeFileError, type ChangeHeader } from './change-file.ts';
import { parseChangeKey } from './change-names.ts';
import type { StoredChange } from './listed.ts';
import { type ProvedFile, proveFile } from './prove-file.ts';

export type ChangeKeys = OpeningKeys | undefined;

/** @throws UnsealError where no key opens it, {@link ChangeFileError} for one damaged or cut */
export async function proveStored(
  file: StoredChange,
  packed: Uint8Array,
  keys: ChangeKeys,
): Promise<ProvedFile> {
  const proved = await proveFile(packed, { encrypted: file.encrypted, keys });
  requireIts(file, proved.header);
  return proved;
}

function requireIts(file: StoredChange, header: ChangeHeader): void {
  const isIts =
    header.timeline === file.timeline &&
    header.first === file.first &&
    header.last === file.last &&
    Date.parse(header.time) === parseChangeKey('', file.file)?.time.getTime();
  if (!isIts) throw new ChangeFileError('it is another file under this name');
}

export type StoredVerdict =
  | { readonly kind: 'whole'; readonly header: ChangeHeader }
  /** No key at hand fits: nothing is known of what is inside. */
  | { readonly kind: 'sealed' }
  | { readonly kind: 'wrong'; readonly problem: string };

export async function judgeStored(
  file: StoredChange,
  packed: Uint8Array,
  keys: ChangeKeys,
): Promise<StoredVerdict> {
  if (isSealedFor(file, keys)) return { kind: 'sealed' };
  try {
    const { header } = await proveStored(file, packed, keys);
    return { kind: 'whole', header };
  } catch (error) {
    if (error instanceof UnsealError && error.reason === 'wrong key') return { kind: 'sealed' };
    if (error instanceof UnsealError || error instanceof ChangeFileError)
      return { kind: 'wrong', problem: explain(error) };
    throw error;
  }
}

/** Nobody can look inside. */
export function isSealedFor({ encrypted }: Pick<StoredChange, 'encrypted'>, keys: ChangeKeys): boolean {
  return encrypted && hasNoKey(keys);
}
