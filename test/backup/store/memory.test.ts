import { MemoryS3, type MemoryS3Rules } from '../../../sim/s3/memory.ts';
import { createS3Store } from '../../../src/backup/store/s3-store.ts';
import { storeContract } from './contract.ts';
import { memorySettings } from './faults.ts';

/** Small, so that many random objects cross several part borders in little time. */
const partBytes = 50_000;

/** Servers differ; the contract may not. */
const servers: Record<string, Partial<MemoryS3Rules>> = {
  'strict, pages of three': { minPartBytes: partBytes, pageSize: 3 },
  'conditions ignored, metadata dropped': { conditional: 'ignored', keepsMetadata: false },
  'conditions refused': { conditional: 'refused' },
  'no list of uploads': { listsUploads: false },
  'uploads listed by the whole key': { listsUploads: 'by whole key' },
};

for (const [name, rules] of Object.entries(servers)) {
  storeContract(
    `memory, ${name}`,
    async () => {
      const server = new MemoryS3(rules);
      // Signed addresses are opened by the contract with the real fetch; the in-memory server has
      // none.
      const store = createS3Store(memorySettings, { partBytes, fetch: server.fetch });
      return { store, partBytes, close: async () => {} };
    },
    { runs: 30, sweeps: rules.listsUploads === undefined, signs: false },
  );
}
