/** The stand-in's world in a file, with its files' contents beside it. Node only. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type SavedWorld, saveWorld, type WorldKeeper } from '../telegram/saved-world.ts';
import type { World } from '../telegram/world.ts';

const MARK = 'anime-bot offline world 1';

/** The file differs from what was written. */
export class DamagedWorld extends Error {
  override readonly name = 'DamagedWorld';
}

/** @throws DamagedWorld */
export function openWorldFile(file: string, directory: string): WorldKeeper {
  let body = existsSync(file) ? readBody(file) : '';
  const saved = body === '' ? undefined : (JSON.parse(body) as SavedWorld);
  const kept = new Set(saved?.files.map(({ uniqueId }) => uniqueId));
  let running = Promise.resolve();
  let next: Promise<void> | undefined;

  const write = async (world: World): Promise<void> => {
    for (const { uniqueId, bytes } of world.files.all().filter((stored) => !kept.has(stored.uniqueId))) {
      if (bytes !== undefined) await replace(contentOf(uniqueId), bytes);
      kept.add(uniqueId);
    }
    const text = JSON.stringify(saveWorld(world));
    if (text === body) return;
    await replace(file, `${MARK} ${digest(text)}\n${text}`);
    body = text;
  };
  const contentOf = (uniqueId: string): string => join(directory, uniqueId);

  return {
    saved,
    bytes: (uniqueId) =>
      existsSync(contentOf(uniqueId)) ? new Uint8Array(readFileSync(contentOf(uniqueId))) : undefined,
    // Callers during one write share the next one.
    keep: (world) => {
      next ??= running
        .catch(() => {})
        .then(() => {
          next = undefined;
          running = write(world);
          return running;
        });
      return next;
    },
  };
}

function readBody(file: string): string {
  if (!statSync(file).isFile()) throw new DamagedWorld(`${file} is no file`);
  const text = readFileSync(file, 'utf8');
  const end = text.indexOf('\n');
  const body = text.slice(end + 1);
  if (text.slice(0, end) !== `${MARK} ${digest(body)}`) throw new DamagedWorld(`${file} is damaged`);
  return body;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Whole or not at all, even if this process is killed; the digest shows a truncated file. */
async function replace(path: string, content: string | Uint8Array): Promise<void> {
  const draft = `${path}.new`;
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
  await writeFile(draft, content, { mode: 0o600 });
  await rename(draft, path);
}
