/**
 * A verdict on a backup comes from what the bucket holds. What was unpacked lies on a disk of this
 * machine, where a cleaner, a person or the disk itself may get at it. Node only.
 */
import { createReadStream } from 'node:fs';
import type { ManifestObject } from '../catalog/manifest.ts';
import { contentsCheck } from '../envelope/hash-contents.ts';

/**
 * Before a finding in the file counts against the backup.
 * @throws a fault of this machine where the file is not, or no longer, what was unpacked into it
 */
export async function requireAsUnpacked(
  path: string,
  { file, contents }: Pick<ManifestObject, 'file' | 'contents'>,
): Promise<void> {
  const check = contentsCheck(contents);
  try {
    for await (const chunk of createReadStream(path)) check.update(chunk);
  } catch (cause) {
    throw new Error(`${file} could not be looked into on this machine`, { cause });
  }
  const other = check.finish();
  if (other === undefined) return;
  const cause = Object.assign(new Error(`${path} is not as it was unpacked there: ${other}`), {
    code: 'EIO',
  });
  throw new Error(`${file} could not be looked into on this machine`, { cause });
}
