/** `verify --changes`. */
import { verifyChanges } from '../../backup/changes/verify-changes.ts';
import { proveChanges } from '../../backup/restore/prove-changes.ts';
import { formatCount } from '../../text/format.ts';
import type { ExitCode, Invocation } from '../command.ts';
import { livingOf } from '../moment.ts';
import { createProgressBar } from '../progress-bar.ts';

/** @param isStrict what a newer full backup has made history is a problem, too */
export async function verifyChangeFiles(invocation: Invocation, isStrict: boolean): Promise<ExitCode> {
  const old = new Set<string>();
  const onOld = isStrict ? {} : { onOld: (problem: string) => void old.add(problem) };
  const { session, terminal, stoppable, now } = invocation;
  const living = await livingOf(session);
  const bar = createProgressBar(terminal, () => performance.now());
  let bytes = 0;
  const verdict = await stoppable((signal) =>
    verifyChanges(session.bucket, {
      keys: session.keys,
      signal,
      ...onOld,
      onFile: (file) => {
        bytes += file.bytes;
        bar({ label: 'reading', bytes, total: undefined });
      },
    }),
  );
  const { files, good, unopened, warnings } = verdict;
  terminal.draw('replaying the changes');
  const replayed = await stoppable((signal) =>
    proveChanges(session.bucket, {
      keys: session.keys,
      signal,
      days: session.config.changes.retentionDays,
      now: now(),
      living,
      ...onOld,
    }),
  );
  const problems = [...new Set([...verdict.problems, ...replayed])];
  // Of what was not opened nothing is proved.
  const ok = problems.length === 0 && unopened === 0;
  terminal.answer({ ...verdict, problems, history: [...old], ok });
  const { green, red, yellow } = terminal.colors;
  for (const line of problems) terminal.say(`  ${red('wrong')} ${line}`);
  for (const line of old)
    terminal.say(
      `  ${yellow('note')}  ${line}: moments there are lost; a newer full backup begins behind it`,
    );
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
      green(
        old.size > 0
          ? `Good: ${formatCount(good)} change files are whole, and from the newest full backup on a restore takes them all.`
          : `Good: ${formatCount(good)} change files are whole, each continues the one before it, and a restore takes them all.`,
      ),
    );
  else if (problems.length > 0)
    terminal.say(
      red(
        'Not good: behind such a file nothing can be replayed. A full backup begins anew: npm run backup -- full',
      ),
    );
  return ok ? 0 : 1;
}
