import type { TestProject } from 'vitest/node';
import { startMemoryS3 } from '../../sim/s3/memory-server.ts';
import { startSqlStandIns } from './sql-stand-in.ts';

/** Starts the stand-ins in Node; tests in workerd reach them over loopback. One key a stand-in. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const s3 = await startMemoryS3();
  const sql = await startSqlStandIns();
  project.provide('standIns', JSON.stringify({ s3: s3.settings, sql: sql.settings }));
  return async () => {
    await s3.close();
    await sql.close();
  };
}

declare module 'vitest' {
  interface ProvidedContext {
    standIns: string;
  }
}
