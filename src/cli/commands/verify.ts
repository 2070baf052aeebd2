import { createHash } from 'node:crypto';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import type { Bucket } from '../../backup/catalog/bucket.ts';
import { type BackupEntry, damageOf } from '../../backup/catalog/entry.ts';
import { findBackup, listBackups } from '../../backup/catalog/list.ts';
import { nameFromText } from '../../backup/catalog/names.ts';
import { latestBackup, tooNewText } from '../../backup/catalog/newest.ts';
import { clearVerdict, keepVerdict } from '../../backup/catalog/verdicts.ts';
import { createDirectoryStore } from '../../backup/store/directory.ts';
import { plainFile } from '../../backup/verify/plain-file.ts';
import { type DeepVerdict, verifyDeep, verifyFile } from '../../backup/verify/verify-backup.ts';
import { inScratch } from '../../lib/disk/scratch.ts';
import {
  type Cli,
  Deserted,
  type ExitCode,
  type Invocation,
  NOT_SAFE,
  reading,
  UsageError,
} from '../command.ts';
import { ofAnotherBot } from '../of-another-bot.ts';
import { createProgressBar } from '../progress-bar.ts';
import type { Session } from '../session.ts';
import { LATEST, resolveBackup } from '../target.ts';
import { unsafeLine } from './list-verdict.ts';
import { verifyChangeFiles } from './verify-changes.ts';

interface Options {
  readonly all?: boolean;
  readonly changes?: boolean;
  readonly strict?: boolean;
}

export function verifyCommand(cli: Cli): Command {
  const command = new Command('verify')
    .description('the full proof: every byte, both files opened by a real SQLite, digests compared')
    .argument('[target]', `a backup, ${LATEST}, or a file on disk`, 'latest')
    .option('--all', 'every backup in the bucket')
    .option('--changes', 'every change file instead: whole, and continuing the one before it')
    .option('--strict', 'with --changes: a gap that a newer full backup lies behind is wrong, too');
  return reading<Options>(cli, command, verify);
}

interface Verdict extends Omit<DeepVerdict, 'proofs'> {
  readonly name: string;
  /** This user may not read it, so nothing is known. */
  readonly denied?: true;
  /** A key is set and does not open it: what is stored is as it was written, and no proof. */
  readonly closed?: true;
}

async function verify(
  invocation: Invocation,
  [target = 'latest']: readonly string[],
  { all = false, changes = false, strict = false }: Options,
): Promise<ExitCode> {
  const { terminal, session } = invocation;
  if (changes && (all || target !== 'latest')) throw new UsageError('verify --changes takes nothing else');
  if (strict && !changes) throw new UsageError('--strict goes with --changes');
  if (changes) return verifyChangeFiles(invocation, strict);
  if (all && target !== 'latest') throw new UsageError('verify takes a target or --all, not both');
  const verdicts: Verdict[] = [];
  /** Why what was checked is no safety for this bot. */
  let others: string | undefined;
  const told = (verdict: Verdict): void => {
    verdicts.push(verdict);
    show(invocation, verdict);
  };
  if (all) {
    for (const entry of (await listBackups(session.bucket)).entries) {
      if (terminal.isDeserted) throw new Deserted();
      if (entry.state !== 'unfinished') told(await verifyEntry(invocation, session.bucket, entry));
    }
  } else if (existsSync(target) && statSync(target).isFile()) {
    told(await verifyPath(invocation, target));
  } else {
    // Whoever asks for the newest hears of the newest, and then of the newest good one.
    if (target === 'latest')
      for (const entry of (await latestBackup(session.bucket)).newer)
        if (entry.state === 'damaged' || entry.state === 'unreadable')
          told(await verifyEntry(invocation, session.bucket, entry));
    const resolved = await resolveBackup(session.bucket, target);
    terminal.warn(...resolved.passedOver);
    told(await verifyEntry(invocation, session.bucket, resolved.entry));
    others = await ofAnotherBot(session, resolved, session.bucket, invocation.now());
  }
  const closed = verdicts.filter(({ closed }) => closed === true);
  const bad = verdicts.filter((verdict) => !verdict.ok && verdict.closed !== true);
  const sealed = verdicts.filter(({ ok, opened }) => ok && !opened);
  // An empty backup proves nothing.
  const isProved = bad.length === 0 && closed.length === 0 && verdicts.length > 0;
  terminal.answer({
    ok: isProved && others === undefined,
    results: verdicts,
    ...(others !== undefined && { error: others }),
  });
  const { green, red, yellow } = terminal.colors;
  if (verdicts.length === 0)
    terminal.say(yellow(`there is no finished backup to verify in ${session.bucket.store.description}`));
  else if (bad.length === 0 && closed.length > 0)
    terminal.say(
      red(
        `Stored bytes good, contents not opened: ${closed.map(({ name }) => name).join(', ')} (made with another key than the one that is set; set that one in BACKUP_AGE_IDENTITY or BACKUP_PASSPHRASE, or make a new backup).`,
      ),
    );
  else if (bad.length === 0 && sealed.length > 0)
    terminal.say(
      yellow(
        `Stored bytes good, contents not opened: ${sealed.map(({ name }) => name).join(', ')} (encrypted; set BACKUP_AGE_IDENTITY or BACKUP_PASSPHRASE for the full proof).`,
      ),
    );
  else if (bad.length === 0)
    terminal.say(
      green(
        `${verdicts.length === 1 ? 'Good' : `All ${verdicts.length} good`}: what was checked is whole and right.`,
      ),
    );
  else if (bad.every(({ denied }) => denied === true))
    terminal.say(
      yellow(
        `Not read: ${bad.map(({ name }) => name).join(', ')}. Give this user the right, then verify again.`,
      ),
    );
  else
    terminal.say(red(`Not good: ${bad.map(({ name }) => name).join(', ')}. ${await instead(session, bad)}`));
  if (others !== undefined) terminal.note(unsafeLine(terminal.colors, others));
  return !isProved ? 1 : others === undefined ? 0 : NOT_SAFE;
}

/** The other bucket may have the same backup whole. */
async function instead(session: Session, bad: readonly Verdict[]): Promise<string> {
  const another = 'Use another backup; `list` shows them.';
  const { first, readsCopy } = session;
  const other = readsCopy ? first : await session.copy();
  const [{ name } = { name: '' }] = bad;
  const found =
    other && nameFromText(name) === name ? await findBackup(other, name).catch(() => undefined) : undefined;
  if (found?.state !== 'verified') return another;
  return readsCopy
    ? `The first bucket has ${name}, not known to be damaged: \`npm run backup -- copy\` replaces the second copy's with it, after it was read.`
    : `The second copy has ${name}, not known to be damaged: npm run backup -- verify ${name} --from copy`;
}

async function verifyEntry(invocation: Invocation, bucket: Bucket, entry: BackupEntry): Promise<Verdict> {
  const { manifest, name } = entry;
  if (manifest === undefined)
    return {
      name,
      ok: false,
      problems: [entry.problem ?? 'no manifest'],
      warnings: [],
      checks: [],
      opened: false,
      ...(entry.isDenied === true && { denied: entry.isDenied }),
    };
  const { database, document } = manifest.objects;
  const bar = createProgressBar(invocation.terminal);
  const total = database.bytes + document.bytes;
  let bytes = 0;
  const { session, stoppable, terminal } = invocation;
  const { proofs, ...verdict } = await stoppable(async (signal) => {
    // Between two backups as well.
    signal.throwIfAborted();
    return verifyDeep(bucket, manifest, {
      keys: session.keys,
      signal,
      onBytes: async (more) => {
        signal.throwIfAborted();
        bytes += more;
        if (bytes < total) bar({ label: 'reading', bytes, total });
        else terminal.draw(`${'checking'.padEnd(10)}  both files in SQLite, every digest`);
      },
    });
  });
  // What stands beside a downloaded copy is not the bucket's.
  const note = bucket === session.bucket ? await remember(bucket, entry, { ...verdict, proofs }) : undefined;
  const warnings = [
    ...verdict.warnings,
    ...[note, tooNewText(manifest)].filter((text) => text !== undefined),
  ];
  const damage = damageOf(manifest);
  if (damage === undefined && verdict.ok && !verdict.opened && session.keys !== undefined)
    return { name, ...verdict, ok: false, closed: true, warnings };
  if (damage === undefined) return { name, ...verdict, warnings };
  return { name, ...verdict, ok: false, problems: [damage, ...verdict.problems], warnings };
}

/** Records the proof, or removes what is no longer true. @returns what to say of it */
async function remember(
  bucket: Bucket,
  { name, manifest, verdict: earlier }: BackupEntry,
  { ok, opened, proofs }: Omit<DeepVerdict, 'problems' | 'warnings' | 'checks'>,
): Promise<string | undefined> {
  if (!ok) return manifest && keepVerdict(bucket, manifest, 'verify', proofs);
  if (!opened || earlier === undefined) return undefined;
  return (await clearVerdict(bucket, name)) ?? `no longer counts as damaged (${earlier.problem})`;
}

/** Compares a downloaded backup with the manifest beside it; checks any other file for itself. */
async function verifyPath(invocation: Invocation, path: string): Promise<Verdict> {
  const name = nameFromText(basename(path));
  const bucket: Bucket = { store: createDirectoryStore(dirname(path)), prefix: '' };
  const entry = name === undefined ? undefined : await findBackup(bucket, name);
  const told = Object.values(entry?.manifest?.objects ?? {});
  const isBoth = told.length > 0 && told.every(({ file }) => existsSync(join(dirname(path), basename(file))));
  if (isBoth && entry !== undefined) return verifyEntry(invocation, bucket, entry);
  return inScratch(undefined, async (directory) => {
    const { keys } = invocation.session;
    const wanted = told.find(({ file }) => basename(file) === basename(path));
    const isOther = wanted !== undefined && (await sha256OfFile(path)) !== wanted.sha256;
    const plain = await plainFile(path, directory, keys);
    const { proofs: _, ...verdict } = await verifyFile(plain.path, plain.kind, { directory });
    if (isOther) {
      const problem = 'not the file of which the manifest beside it tells: another one, or altered';
      return { name: path, ...verdict, ok: false, problems: [...verdict.problems, problem] };
    }
    const warning =
      wanted === undefined
        ? `checked for itself: ${entry?.problem ?? 'there is no manifest beside it to compare with'}`
        : 'it is the file of which the manifest beside it tells; the other file of the backup is not here';
    return { name: path, ...verdict, warnings: [...verdict.warnings, warning] };
  });
}

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function show({ terminal }: Invocation, verdict: Verdict): void {
  const { green, red, yellow, bold } = terminal.colors;
  const bad = verdict.denied === true || verdict.closed === true ? yellow('????') : red('BAD ');
  terminal.say(`${verdict.ok ? green('good') : bad}  ${bold(verdict.name)}`);
  if ((verdict.ok || verdict.closed === true) && !verdict.opened)
    terminal.say(`  ${yellow('note')}  stored bytes good, contents not opened: no key that fits`);
  for (const line of verdict.checks) terminal.say(`  ${green('ok')}    ${line}`);
  for (const line of verdict.warnings) terminal.say(`  ${yellow('note')}  ${line}`);
  for (const line of verdict.problems) terminal.say(`  ${red('wrong')} ${line}`);
}
