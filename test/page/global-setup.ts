import type { TestProject } from 'vitest/node';
import { findChromium, NoBrowser } from '../../dev/chromium.ts';

/**
 * Finds or installs the browser. Without one the tests are skipped, and say so; in CI there must be
 * one.
 */
export default function setup(project: TestProject): void {
  try {
    project.provide('chromium', findChromium(process.env));
  } catch (error) {
    if (!(error instanceof NoBrowser) || process.env['CI'] !== undefined) throw error;
    console.warn(`The page's tests are skipped: ${error.message}`);
    project.provide('chromium', '');
  }
}

declare module 'vitest' {
  interface ProvidedContext {
    /** The program's path; empty where there is none. */
    chromium: string;
  }
}
