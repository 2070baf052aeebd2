import type { Job } from './job.ts';
import { maintenance } from './maintenance.ts';

/** Every job of the tick, in the order they get their turn. */
export const jobs: readonly Job[] = [maintenance];
