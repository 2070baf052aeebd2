/** A process of `run.ts`: simulates the seeds it is sent, one after the other. */
import { simulate } from './simulation.ts';
import { makeTemplates } from './templates.ts';

/** What a worker says when it is ready for a seed: how the last one ended. */
export interface SeedDone {
  /** Undefined before the first. */
  readonly seed: number | undefined;
  /** What was broken, with the story that led there. */
  readonly broken: string | undefined;
  readonly story: readonly string[];
}

const templates = await makeTemplates();
const answer = (done: SeedDone): void => void process.send?.(done);
process.on('message', async (seed: number) => {
  try {
    answer({ seed, broken: undefined, story: await simulate(seed, templates) });
  } catch (error) {
    answer({ seed, broken: describeBroken(error), story: [] });
  }
});
process.on('disconnect', () => {
  templates.remove();
  process.exit(0);
});
answer({ seed: undefined, broken: undefined, story: [] });

function describeBroken(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `\n${error.cause.stack}` : '';
  return `${error.message}${cause}`;
}
