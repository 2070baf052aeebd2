/** What `restore` says of a backup that it cannot take: which other one, and by what command. */
import { nowOf } from '../../backup/catalog/bucket.ts';
import { type BackupEntry, isUnsealed, UNSEALED } from '../../backup/catalog/entry.ts';
import { listBackups } from '../../backup/catalog/list.ts';
import type { BackupName } from '../../backup/catalog/names.ts';
import { isLatest } from '../../backup/catalog/newest.ts';
import { isAhead } from '../../backup/catalog/true-time.ts';
import { firstOpening } from '../../backup/catalog/unfit-keys.ts';
import { explain } from '../../lib/clock.ts';
import { hideSecrets } from '../../lib/log.ts';
import { shellWord } from '../../lib/shell-word.ts';
import type { ExitCode, Invocation } from '../command.ts';
import { type Asked, askedBy } from '../moment-options.ts';
import { isShort, otherBackup, wayOn } from '../other-way.ts';
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
  const unsealed = next !== undefined && isUnsealed(bucket, next) ? `, ${UNSEALED}` : '';
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
export async function nameOther(invocation: Invocation, failure: unknown, asked: Asked): Promise<ExitCode> {
  const hint = isShort(failure) ? await wayOn(invocation, failure, asked) : undefined;
  if (!isShort(failure) || hint === undefined) throw failure;
  return tellRefused(invocation, failure, { hint });
}

function refuse(
  invocation: Invocation,
  failure: Error,
  { next, hint }: { readonly next: BackupEntry | undefined; readonly hint: string | undefined },
  options: Options,
): ExitCode {
  const flags = `${flagsOf(options)}${invocation.session.readsCopy ? ' --from copy' : ''}`;
  const retry = next && `npm run backup -- restore ${next.name}${flags}`;
  return tellRefused(invocation, failure, { hint, next: next?.name, retry });
}

interface Hint {
  readonly hint: string | undefined;
  readonly next?: BackupName | undefined;
  readonly retry?: string | undefined;
}

function tellRefused({ terminal }: Invocation, failure: Error, { hint, next, retry }: Hint): ExitCode {
  const said = [hint, retry].filter((text) => text !== undefined).join(': ');
  const error = [hideSecrets(explain(failure)), said].filter((text) => text !== '').join('\n');
  if (terminal.json) terminal.answer({ ok: false, error, next: next ?? null, retry: retry ?? null });
  else terminal.fail(error);
  return 1;
}

/** The moment of a restore, and the same restore of another one. */
export function askedFor(options: Options, at: string): Asked {
  return askedBy('restore --at', at, options, flagsOf(options));
}

/** For the same restore of something else: ` --replace`, for example. */
export function flagsOf({ replace, only, brokenDatabase, anySchema, dryRun, to }: Options): string {
  const flags = [
    ...(replace === true ? ['--replace'] : []),
    ...(brokenDatabase === true ? ['--broken-database'] : []),
    ...(only === undefined ? [] : [`--only ${shellWord(only)}`]),
    ...(anySchema === true ? ['--any-schema'] : []),
    // What stands in an address may be secret.
    ...(to === undefined ? [] : [`--to ${/[?@]/.test(to) ? '<as before>' : shellWord(to)}`]),
    ...(dryRun === true ? ['--dry-run'] : []),
  ];
  return flags.map((flag) => ` ${flag}`).join('');
}
