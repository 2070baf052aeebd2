import { peek } from '../backup/changes/peek.ts';
import type { Job } from './job.ts';
import { keepChanges } from './keep-changes.ts';

/** The Worker's way; on Node a timer of its own is faster (hosts/node/own-work.ts). */
export const shipChangesJob: Job = {
  name: 'ship-changes',
  asks: peek,
  run: (context, answer = []) => keepChanges(context, peek.parse(answer)),
};
