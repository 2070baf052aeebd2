/**
 * The other side of `run-seeds.ts`: a process that simulates the seeds it is sent, one after the
 * other.
 */

/** What a worker says when it is ready for a seed: how the last one ended. */
export interface SeedDone {
  /** Undefined before the first. */
  readonly seed: number | undefined;
  /** What was broken, with the story that led there. */
  readonly broken: string | undefined;
  readonly story: readonly string[];
}

/** @param simulate gives the story, or rejects with what was broken */
export function answerSeeds(
  simulate: (seed: number) => Promise<readonly string[]>,
  end: () => void = () => {},
): void {
  const answer = (done: SeedDone): void => void process.send?.(done);
  process.on('message', async (seed: number) => {
    try {
      answer({ seed, broken: undefined, story: await simulate(seed) });
    } catch (error) {
      answer({ seed, broken: describeBroken(error), story: [] });
    }
  });
  // A terminal sends it to the whole group: whoever gives out the seeds says when it is over.
  process.on('SIGINT', () => {});
  process.on('disconnect', () => {
    end();
    process.exit(0);
  });
  answer({ seed: undefined, broken: undefined, story: [] });
}

export function describeBroken(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `\n${error.cause.stack}` : '';
  return `${error.message}${cause}`;
}
