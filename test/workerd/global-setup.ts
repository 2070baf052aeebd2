import type { TestProject } from 'vitest/node';
import { startFauxqs } from '../../dev/s3/fauxqs.ts';

/** Starts the stand-ins in Node; tests in workerd reach them over loopback. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const s3 = await startFauxqs();
  project.provide('standIns', JSON.stringify({ s3: s3.settings }));
  return async () => {
    await s3.close();
  };
}

declare module 'vitest' {
  interface ProvidedContext {
    standIns: string;
  }
}
