import { baseline } from './0001-baseline.ts';
import { backup } from './0002-backup.ts';
import type { Migration } from './types.ts';

/** Every step, in order, numbered without gaps. */
export const migrations: readonly Migration[] = [baseline, backup];
