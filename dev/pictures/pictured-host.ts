/** Offline mode as a newcomer starts it: a process of its own, in a new directory. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const file = (name: string): string => fileURLToPath(new URL(`../../src/${name}`, import.meta.url));

export interface OfflineHost {
  /** Of the page. */
  readonly address: string;
  close(): Promise<void>;
}

export async function startOfflineHost(): Promise<OfflineHost> {
  const directory = mkdtempSync(join(tmpdir(), 'anime-pictures-'));
  const child = spawn(process.execPath, ['-r', file('node-version.cjs'), file('node.ts'), '--offline'], {
    cwd: directory,
    env: { PATH: process.env['PATH'], PORT: '0', LOG_FORMAT: 'people' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  let output = '';
  const address = new Promise<string>((resolve, reject) => {
    const note = (chunk: Buffer): void => {
      output += chunk.toString();
      const [, found] = /Write to the bot:\s+(\S+)[\s\S]*Set BOT_TOKEN/.exec(output) ?? [];
      if (found !== undefined) resolve(found);
    };
    child.stdout.on('data', note);
    child.stderr.on('data', note);
    ended.then(() => reject(new Error(`npm start ended before its page was there:\n${output}`)));
  });
  const close = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    return { address: await address, close };
  } catch (error) {
    await close();
    throw error;
  }
}
