import { startFauxqs } from '../../../sim/s3/fauxqs.ts';
import { createS3Store } from '../../../src/backup/store/s3.ts';
import { storeContract } from './contract.ts';

/** Like AWS, fauxqs refuses smaller parts. */
const partBytes = 5 * 1024 * 1024;

storeContract(
  'fauxqs',
  async () => {
    const server = await startFauxqs();
    return { store: createS3Store(server.settings, { partBytes }), partBytes, close: () => server.close() };
  },
  // fauxqs has no ListMultipartUploads.
  { runs: 6, sweeps: false },
);
