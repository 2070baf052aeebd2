import { inject } from 'vitest';
import { createS3Store } from '../../src/backup/store/s3-store.ts';
import type { S3Settings } from '../../src/settings/s3-endpoint.ts';
import { storeContract } from '../backup/store/contract.ts';

const { s3 } = JSON.parse(inject('standIns')) as { s3: S3Settings };
/** Like AWS, the server refuses smaller parts. */
const partBytes = 5 * 1024 * 1024;

storeContract(
  'memory over HTTP, from workerd',
  async () => ({ store: createS3Store(s3), partBytes, close: async () => {} }),
  { runs: 4 },
);
