/** Database files that many tests of one file begin with: each is made once, then copied. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const made = new Map<string, Uint8Array>();

/**
 * Puts a file at `path`, where none is: what `make` made of this `kind` when it was asked first.
 */
export async function fromTemplate(
  kind: string,
  path: string,
  make: (path: string) => Promise<void>,
): Promise<void> {
  const bytes = made.get(kind) ?? (await contents(make));
  made.set(kind, bytes);
  writeFileSync(path, bytes);
}

/** Of a file that nobody uses afterwards: its journal comes home, however it was closed. */
async function contents(make: (path: string) => Promise<void>): Promise<Uint8Array> {
  const directory = mkdtempSync(join(tmpdir(), 'template-'));
  const path = join(directory, 'template.db');
  await make(path);
  const db = new DatabaseSync(path, { timeout: 10_000 });
  const { busy } = db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() ?? {};
  db.close();
  if (busy !== 0) throw new Error('the template is still in use');
  const bytes = readFileSync(path);
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
  return bytes;
}
