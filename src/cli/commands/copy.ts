import { Command } from 'commander';
import { catchUp } from '../../backup/copy/catch-up.ts';
import { type CopyMemory, NO_MEMORY } from '../../backup/copy/memory.ts';
import { NO_LIMIT } from '../../backup/copy/proven.ts';
import { systemClock } from '../../lib/clock.ts';
import { type Cli, type ExitCode, framed, type Invocation, UsageError } from '../command.ts';
import type { Session } from '../session.ts';

export function copyCommand(cli: Cli): Command {
  const command = new Command('copy').description(
    'bring the second copy up to date now; the bot does it by itself',
  );
  return framed(cli, command, copy);
}

async function copy({ terminal, session, stoppable }: Invocation): Promise<ExitCode> {
  const copied: string[] = [];
  const memory = await stoppable((signal) =>
    copyNow(session, signal, (name) => {
      copied.push(name);
      terminal.say(`${name} copied and read back`);
    }),
  );
  if (memory === undefined) throw new UsageError('there is no second copy; COPY_S3_* or COPY_DIR name one');
  const { problem, left } = memory;
  const ok = problem === null && left === 0;
  terminal.answer({ ok, copied, left, problem });
  const { green, red } = terminal.colors;
  if (ok) terminal.say(green('The second copy has every backup of the first bucket.'));
  else terminal.say(red(`The second copy is not whole: ${problem ?? `it lacks ${left}`}`));
  return ok ? 0 : 1;
}

/**
 * All that the second copy lacks, and no deletion there: the bot alone knows for how long something
 * is gone. Undefined: there is no second copy.
 */
export async function copyNow(
  session: Session,
  signal: AbortSignal,
  onCopied?: (name: string) => void,
): Promise<CopyMemory | undefined> {
  const second = await session.copy();
  if (second === undefined) return undefined;
  const { retentionDays: days } = session.config.backup;
  return catchUp(
    {
      first: session.first,
      copy: second,
      clock: systemClock,
      policy: { days },
      shipped: 'all',
      ...(onCopied && { onCopied }),
    },
    NO_MEMORY,
    { ...NO_LIMIT, check: () => signal.throwIfAborted() },
  );
}
