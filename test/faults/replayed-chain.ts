/** Change files behind a full backup: the chain that leads to one of them, and what it makes. */
import { appendFileSync, copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Bucket } from '../../src/backup/catalog/bucket.ts';
import { type ChainLink, followChain } from '../../src/backup/changes/chain.ts';
import type { Base, StoredChange } from '../../src/backup/changes/listed.ts';
import type { OpeningKeys } from '../../src/backup/envelope/types.ts';
import { replayTask } from '../../src/backup/restore/replay-task.ts';
import { heldBy, type State } from './contents.ts';
import type { Scene } from './fault-scene.ts';

interface Sought {
  readonly file: StoredChange;
  readonly base: Base;
  /** None of them comes after it. */
  readonly files: readonly StoredChange[];
}

/** `end`: why no chain leads there. */
export async function chainTo(
  bucket: Bucket,
  keys: OpeningKeys | undefined,
  { file, base, files }: Sought,
): Promise<{ readonly links?: readonly ChainLink[]; readonly end?: string }> {
  const links: ChainLink[] = [];
  const chain = followChain(bucket, base, files, { keys });
  for (;;) {
    const next = await chain.next();
    if (next.done === true) return { end: next.value?.why ?? `the last is ${links.at(-1)?.file.file}` };
    links.push(next.value);
    if (next.value.file.file !== file.file) continue;
    await chain.return(undefined);
    return { links };
  }
}

/** In this process: the bytes are the engine's own, and to start one takes longer than the work. */
export async function replayed(scene: Scene, base: string, links: readonly ChainLink[]): Promise<State> {
  const directory = mkdtempSync(join(scene.directory, 'replay-'));
  try {
    const path = join(directory, 'base.db');
    copyFileSync(base, path);
    const together = join(directory, 'changes');
    let at = 0;
    const files = links.map(({ body, file, isPoint }) => {
      appendFileSync(together, body);
      const bytes = body.byteLength;
      at += bytes;
      return { path: together, at: at - bytes, bytes, name: file.file, isRestorePoint: isPoint };
    });
    const bytes = statSync(path).size + at;
    await replayTask({ path, files, bytes }, { send: async () => {} });
    const db = new DatabaseSync(path, { readOnly: true, timeout: 10_000 });
    const { point } = heldBy(db, scene.contentsSql);
    db.close();
    return point;
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
  }
}
