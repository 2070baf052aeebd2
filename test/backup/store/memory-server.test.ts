import { startMemoryS3 } from '../../../sim/s3/memory-server.ts';
import { createS3Store } from '../../../src/backup/store/s3-store.ts';
import { storeContract } from './contract.ts';

/** Like AWS, it refuses smaller parts. */
const partBytes = 5 * 1024 * 1024;

storeContract(
  'memory over HTTP',
  async () => {
    const server = await startMemoryS3();
    return { store: createS3Store(server.settings, { partBytes }), partBytes, close: () => server.close() };
  },
  { runs: 6 },
);
