import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDirectoryStore } from '../../../src/backup/store/directory.ts';
import { storeContract } from './contract.ts';

storeContract(
  'directory',
  async () => {
    const root = await mkdtemp(join(tmpdir(), 'anime-bot-store-'));
    return {
      store: createDirectoryStore(root),
      partBytes: 100_000,
      close: () => rm(root, { recursive: true }),
    };
  },
  { runs: 60 },
);
