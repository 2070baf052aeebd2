/** What `restore` says of a backup that it cannot take: which other one, and by what command. */
import { nowOf } from '../../backup/catalog/bucket.ts';
import { type BackupEntry, isUnsealed } from '../../backup/catalog/entry.ts';
import { listBackups } from '../../backup/catalog/list.ts';
import type { BackupName } from '../../backup/catalog/names.ts';
import { isLatest } from '../../backup/catalog/newest.ts';
import { isAhead } from '../../backup/catalog/true-time.ts';
import { firstOpening } from '../../backup/catalog/unfit-keys.ts';
import { PointOutOfReach } from '../../backup/restore/point-in-time.ts';
import { BackupDamaged, BackupRefused } from '../../backup/restore/source.ts';
import { explain } from '../../lib/clock.ts';
import { hideSecrets } from '../../lib/log.ts';
import type { ExitCode, Invocation } from '../command.ts';
import { otherBackup, otherMoment } from '../other-way.ts';
import { olderThan } from '../target.ts';

export interface Options {
  readonly to?: string;
  readonly replace?: boolean;
  readonly only?: string;
  readonly dryRun?: boolean;
  readonly anySchema?: boolean;
  readonly brokenDatabase?: boolean;
  readonly at?: string;
  readonly bestEffort?: boolean;
  readonly timeline?: string;
}

/** No key that is set opens the newest: names the newest one that opens. */
export async function nameOpening(
  invocation: Invocation,
  failure: Error,
  options: Options,
): Promise<ExitCode> {
  const { bucket, keys } = invocation.session;
  const { entries } = await listBackups(bucket);
  const older = entries.filter((entry) => isLatest(entry) && !isAhead(entry.time, nowOf(bucket)));
  const next = keys === undefined ? undefined : await firstOpening(bucket, older, keys);
  const unsealed =
    next !== undefined && isUnsealed(bucket, next)
      ? ', not encrypted, although your settings encrypt: whoever can write to the bucket can make such a one'
      : '';
  const hint =
    next === undefined ? undefined : `the newest backup that what is set opens is ${next.name}${unsealed}`;
  return refuse(invocation, failure, { next, hint }, options);
}

/** The backup cannot be taken: names the next one, and how to take it. */
export async function nameAnother(
  invocation: Invocation,
  backup: BackupName,
  failure: Error,
  options: Options,
): Promise<ExitCode> {
  const { session } = invocation;
  const { bucket } = session;
  const other = await otherBackup(session, backup, flagsOf(options));
  if (other !== undefined) return refuse(invocation, failure, { next: undefined, hint: other }, options);
  const next = await olderThan(bucket, backup);
  const hint =
    next === undefined
      ? `there is no older verified backup in ${bucket.store.description}; \`list\` shows what there is`
      : `the next older verified backup is ${next.name}`;
  return refuse(invocation, failure, { next, hint }, options);
}

/** The moment cannot be reached here: says what the other bucket reaches. */
export async function nameOther(
  invocation: Invocation,
  failure: unknown,
  options: Options & { readonly at: string },
): Promise<ExitCode> {
  const isShort =
    failure instanceof PointOutOfReach ||
    failure instanceof BackupDamaged ||
    failure instanceof BackupRefused;
  const { at: text } = options;
  const hint = isShort
    ? await otherMoment(invocation, failure, { text, wish: options, flags: flagsOf(options) })
    : undefined;
  if (!isShort || hint === undefined) throw failure;
  return refuse(invocation, failure, { next: undefined, hint }, options);
}

function refuse(
  { terminal, session }: Invocation,
  failure: Error,
  { next, hint }: { readonly next: BackupEntry | undefined; readonly hint: string | undefined },
  options: Options,
): ExitCode {
  const flags = `${flagsOf(options)}${session.readsCopy ? ' --from copy' : ''}`;
  const retry = next && `npm run backup -- restore ${next.name}${flags}`;
  const said = [hint, retry].filter((text) => text !== undefined).join(': ');
  const error = [hideSecrets(explain(failure)), said].filter((text) => text !== '').join('\n');
  if (terminal.json) terminal.answer({ ok: false, error, next: next?.name ?? null, retry: retry ?? null });
  else terminal.fail(error);
  return 1;
}

/** For the same restore of something else: ` --replace`, for example. */
export function flagsOf({ replace, only, brokenDatabase, to }: Options): string {
  const flags = [
    ...(replace === true ? ['--replace'] : []),
    ...(brokenDatabase === true ? ['--broken-database'] : []),
    ...(only === undefined ? [] : [`--only ${only}`]),
    ...(to === undefined ? [] : ['--to <as before>']),
  ];
  return flags.map((flag) => ` ${flag}`).join('');
}
