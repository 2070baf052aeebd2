/** `verify --changes`. */
import type { Bucket } from '../../backup/catalog/bucket.ts';
import { listBackups } from '../../backup/catalog/list.ts';
import { BadChanges } from '../../backup/changes/bad-changes.ts';
import type { Living } from '../../backup/changes/living.ts';
import { type ChangeFindings, verifyChanges } from '../../backup/changes/verify-changes.ts';
import { lookAtChange } from '../../backup/copy/change-proof.ts';
import { NO_LIMIT } from '../../backup/copy/proven.ts';
import { proveChanges } from '../../backup/restore/prove-changes.ts';
import { inParallel } from '../../lib/in-parallel.ts';
import { unsealing } from '../../settings/unsealing.ts';
import { countOf, formatCount } from '../../text/format.ts';
import { copyMoment } from '../../text/moment.ts';
import { daysBefore } from '../../text/times.ts';
import type { ExitCode, Invocation } from '../command.ts';
import { livingOf } from '../moment.ts';
import { createProgressBar } from '../progress-bar.ts';
import { otherBucket } from '../second-bucket.ts';
import type { Session } from '../session.ts';
import { storedHistory } from '../stored-history.ts';

/** @returns why they could not be kept, for people */
async function keepFindings(bucket: Bucket, { bad, good }: ChangeFindings): Promise<string | undefined> {
  const verdicts = new BadChanges(bucket);
  for (const { file } of good) verdicts.good(file);
  for (const { file, problem } of bad) verdicts.bad(file, problem);
  return (await verdicts.keep()).unkept;
}

/** So many are looked at in the other bucket. */
const MOST_NEXT_DOOR = 200;

/** A sentence with the command; what brings all back, where the other bucket has it whole. */
async function whatToDo(session: Session, findings: ChangeFindings, living?: Living): Promise<string> {
  const nextDoor = await wholeNextDoor(session, findings);
  if (nextDoor !== undefined) return nextDoor;
  // Behind the last file that is there no other one names what is gone: the database does.
  const { entries } = await listBackups(session.bucket);
  const { risk } = await storedHistory(session, entries, living);
  return `Not good: behind such a file nothing can be replayed. ${risk.todo}`;
}

async function wholeNextDoor(
  session: Session,
  { bad, gone, links }: ChangeFindings,
): Promise<string | undefined> {
  const names = [...new Set([...bad.map(({ file }) => file.file), ...gone])];
  const other = names.length === 0 || names.length > MOST_NEXT_DOOR ? undefined : await otherBucket(session);
  if (other === undefined) return undefined;
  const { bucket, what } = other;
  const looks = await inParallel(names, (file) =>
    lookAtChange(bucket, file, { sha256: links.get(file), keys: session.keys, slice: NO_LIMIT }),
  );
  if (!looks.every((look) => look.kind === 'right' && look.isOpened)) return undefined;
  return `Not good, but ${what} has ${names.length === 1 ? names[0] : `all ${names.length} files`} whole: npm run backup -- copy puts ${names.length === 1 ? 'it' : 'them'} back`;
}

/** @param isStrict what a newer full backup has made history is a problem, too */
export async function verifyChangeFiles(invocation: Invocation, isStrict: boolean): Promise<ExitCode> {
  const old = new Set<string>();
  const onOld = isStrict ? {} : { onOld: (problem: string) => void old.add(problem) };
  const { session, terminal, stoppable, now } = invocation;
  const living = await livingOf(session);
  const { retentionDays: days } = session.config.changes;
  // Files of one day go together, and a tick later.
  const keptSince = daysBefore(now(), days - 1);
  const bar = createProgressBar(terminal);
  let bytes = 0;
  const { findings, ...verdict } = await stoppable((signal) =>
    verifyChanges(session.bucket, {
      keys: session.keys,
      signal,
      ...onOld,
      keptSince,
      onFile: (file) => {
        bytes += file.bytes;
        bar({ label: 'reading', bytes, total: undefined });
      },
    }),
  );
  const { files, good, unopened, plain, warnings } = verdict;
  terminal.draw('replaying the changes');
  const replayed = await stoppable((signal) =>
    proveChanges(session.bucket, {
      keys: session.keys,
      signal,
      days,
      now: now(),
      living,
      ...onOld,
    }),
  );
  const problems = [...new Set([...verdict.problems, ...replayed])];
  const unkept = await keepFindings(session.bucket, findings);
  const todo = problems.length === 0 ? '' : await whatToDo(session, findings, living);
  // Of what was not opened nothing is proved.
  const ok = problems.length === 0 && unopened === 0;
  terminal.answer({
    ...verdict,
    plain: plain.map(({ file }) => file),
    problems,
    history: [...old],
    ok,
  });
  const { green, red, yellow } = terminal.colors;
  for (const line of problems) terminal.say(`  ${red('wrong')} ${line}`);
  for (const line of old)
    terminal.say(
      `  ${yellow('note')}  ${line}: moments there are lost; a newer full backup begins behind it`,
    );
  const [last] = plain.toSorted((a, b) => b.time.getTime() - a.time.getTime());
  if (last !== undefined)
    terminal.say(
      `  ${yellow('note')}  ${countOf(plain.length, 'change file')} from before encryption ${plain.length === 1 ? 'counts' : 'count'} for nothing with what is set. If ${plain.length === 1 ? 'it is' : 'they are'} your bot’s own, opened by: ${unsealing(session.config.backup)}npm run backup -- restore --at ${copyMoment(last.time, session.config.timeZone)} --to file:then.db`,
    );
  for (const line of unkept === undefined ? warnings : [...warnings, unkept])
    terminal.say(`  ${yellow('note')}  ${line}`);
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
  else if (problems.length > 0) terminal.say(red(todo));
  return ok ? 0 : 1;
}
