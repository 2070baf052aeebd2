/** `verify --changes`. */
import { verifyChanges } from '../../backup/changes/verify-changes.ts';
import { formatCount } from '../../text/format.ts';
import type { ExitCode, Invocation } from '../command.ts';
import { createProgressBar } from '../progress-bar.ts';

export async function verifyChangeFiles({ session, terminal, stoppable }: Invocation): Promise<ExitCode> {
  const bar = createProgressBar(terminal, () => performance.now());
  let bytes = 0;
  const verdict = await stoppable((signal) =>
    verifyChanges(session.bucket, {
      keys: session.keys,
      signal,
      onFile: (file) => {
        bytes += file.bytes;
        bar({ label: 'reading', bytes, total: undefined });
      },
    }),
  );
  const { ok, files, good, unopened, problems, warnings } = verdict;
  terminal.answer({ ...verdict, ok });
  const { green, red, yellow } = terminal.colors;
  for (const line of problems) terminal.say(`  ${red('wrong')} ${line}`);
  for (const line of warnings) terminal.say(`  ${yellow('note')}  ${line}`);
  if (files === 0) terminal.say(yellow(`there is no change file in ${session.bucket.store.description}`));
  else if (unopened > 0)
    terminal.say(
      yellow(
        `${formatCount(unopened)} of ${formatCount(files)} change files not opened (encrypted; set BACKUP_AGE_IDENTITY or BACKUP_PASSPHRASE)`,
      ),
    );
  if (ok && good > 0)
    terminal.say(
      green(`Good: ${formatCount(good)} change files are whole, and each continues the one before it.`),
    );
  else if (!ok)
    terminal.say(
      red(
        'Not good: behind such a file nothing can be replayed. A full backup begins anew: npm run backup -- full',
      ),
    );
  return ok ? 0 : 1;
}
