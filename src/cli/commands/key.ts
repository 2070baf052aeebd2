import { Command } from 'commander';
import { generateKey, proveKey } from '../../backup/envelope/keys.ts';
import { type Cli, type ExitCode, framed, type Invocation, UsageError } from '../command.ts';

export function keyCommand(cli: Cli): Command {
  const make = new Command('new')
    .description('make a key, prove it, and show it once')
    .option('--hybrid', 'withstands quantum computers too; opening then needs age 1.3 or newer');
  const test = new Command('test').description(
    'prove that BACKUP_AGE_IDENTITY opens what the settings encrypt for',
  );
  return new Command('key')
    .description('keys of encrypted backups')
    .addCommand(framed(cli, make, newKey))
    .addCommand(framed(cli, test, testKey));
}

async function newKey(
  { terminal }: Invocation,
  _: readonly string[],
  { hybrid = false }: { hybrid?: boolean },
): Promise<ExitCode> {
  const { identity, recipient } = await generateKey(hybrid ? 'hybrid' : 'x25519');
  await proveKey(recipient, identity);
  terminal.answer({ ok: true, recipient, identity });
  const { say, warn } = terminal;
  say('For the bot (public, goes into its settings):');
  say(`  BACKUP_AGE_RECIPIENTS=${recipient}`);
  say('');
  warn(
    'For you alone. Keep it where the bot is not: without it no backup can be opened. It is shown only now:',
  );
  say(`  ${identity}`);
  say('');
  say('A test message was encrypted for the first and opened with the second.');
  say(`Open a backup anywhere: age -d -i key.txt anime_bot_….db.gz.age | gunzip > anime_bot.db`);
  return 0;
}

async function testKey({ terminal, session }: Invocation): Promise<ExitCode> {
  const { ageRecipients, passphrase } = session.config.backup;
  if (passphrase !== undefined) {
    terminal.answer({ ok: true, kind: 'passphrase' });
    terminal.say(
      'Backups are encrypted with BACKUP_PASSPHRASE, and the same opens them. `verify latest` proves it on a real one.',
    );
    return 0;
  }
  if (ageRecipients.length === 0) {
    const own = await session.recipients();
    const which = own.length === 0 ? '' : `; for the key that is set: BACKUP_AGE_RECIPIENTS=${own.join(',')}`;
    throw new UsageError(
      `nothing is encrypted: neither BACKUP_AGE_RECIPIENTS nor BACKUP_PASSPHRASE is set${which}`,
    );
  }
  const identities = session.keys?.identities ?? [];
  if (identities.length === 0)
    throw new UsageError(
      'BACKUP_AGE_IDENTITY is not set: give the key (AGE-SECRET-KEY-…) or a file that holds it',
    );
  const opened: string[] = [];
  for (const recipient of ageRecipients) {
    const tries = await Promise.allSettled(identities.map((identity) => proveKey(recipient, identity)));
    if (tries.some(({ status }) => status === 'fulfilled')) opened.push(recipient);
  }
  const ok = opened.length > 0;
  terminal.answer({ ok, recipients: ageRecipients, opened });
  for (const recipient of ageRecipients) {
    const mark = opened.includes(recipient)
      ? terminal.colors.green('opens')
      : terminal.colors.yellow('another key opens it');
    terminal.say(`${recipient}  ${mark}`);
  }
  const { green, red } = terminal.colors;
  terminal.say(
    ok
      ? green('Your key opens new backups.')
      : red('Your key opens none of them: new backups would be lost to you.'),
  );
  return ok ? 0 : 1;
}
