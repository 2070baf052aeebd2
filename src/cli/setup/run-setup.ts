/** Asks for the settings, proves them part by part, and only then writes them. Node only. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { parseEnv } from 'node:util';
import { generateKey, proveKey } from '../../backup/envelope/keys.ts';
import { type Clock, explain } from '../../lib/clock.ts';
import { hideSecrets, rememberSecrets } from '../../lib/log.ts';
import { type Config, ConfigError, readConfig } from '../../settings/config.ts';
import { readEnvFile } from '../../settings/dot-env.ts';
import { unreadLines } from '../../settings/dot-env-lines.ts';
import { nearMisses, tellNearMiss } from '../../settings/setting-names.ts';
import { WORKER_NAMES } from '../../settings/setting-places.ts';
import { askAdmins } from './ask-admins.ts';
import { Cancelled, type Prompts, type Question } from './prompts.ts';
import { NO_TOKEN, PARTS, type Part, SetupError } from './proofs.ts';
import { Settings, withSettings, writeSettings } from './settings.ts';

export interface SetupParts {
  /** The file of settings; its other contents stay. */
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A person is there to answer. */
  readonly isAsking: boolean;
  /** Makes a key for encrypted backups without a question. */
  readonly wantsKey: boolean;
  /** Puts the Worker's secrets without a question. */
  readonly wantsWorker: boolean;
  readonly prompts: Prompts;
  readonly clock: Clock;
  /** Hands the settings to the Worker as secrets; returns whether that worked. */
  readonly putSecrets: (json: string) => boolean;
}

/** Returns the exit code. Writes nothing before every part is proved. */
export async function runSetup(parts: SetupParts): Promise<0 | 1> {
  const { prompts } = parts;
  try {
    await setUp(parts);
    return 0;
  } catch (error) {
    if (error instanceof Cancelled) prompts.say('bad', 'Cancelled: nothing was changed.');
    else prompts.say('bad', wordsOf(error));
    return 1;
  }
}

function wordsOf(error: unknown): string {
  return hideSecrets(error instanceof ConfigError ? error.problems.join('; ') : explain(error));
}

async function setUp(parts: SetupParts): Promise<void> {
  const { file, env, isAsking, prompts } = parts;
  const text = existsSync(file) ? readEnvFile(file) : '';
  const settings = new Settings(parseEnv(text), env);
  prompts.say('intro', 'anime-bot: settings');
  const names = [...Object.keys(parseEnv(text)), ...Object.keys(env)];
  for (const miss of nearMisses([...new Set(names)])) prompts.say('note', tellNearMiss(miss));
  for (const { problem } of unreadLines(text, file)) prompts.say('note', problem);
  requireSound(parts, settings);
  const unproved: string[] = [];
  const doubts: string[] = [];
  for (const part of PARTS) {
    if (!(await askUntilProved(parts, settings, part, doubts))) unproved.push(part.name);
    else if (part.name === 'Telegram') await askAdmins(parts, settings);
    // A script gets to know all that is wrong at once.
    if (isAsking && unproved.length > 0) break;
  }
  if (unproved.length > 0)
    throw new SetupError(
      `${unproved.join(', ')} could not be proved, so nothing was written: mend that, then run npm run setup again`,
    );
  for (const doubt of doubts) {
    prompts.say('bad', doubt);
    if (isAsking && !(await prompts.confirm('Go on with this token?', false)))
      throw new Cancelled('cancelled');
  }
  if (!settings.has('WEBHOOK_SECRET')) settings.set('WEBHOOK_SECRET', randomBytes(24).toString('hex'));
  const identity = await newKey(parts, settings);
  readConfig(settings.known, 'node');
  // The last question, so that leaving at any of them changes nothing.
  const wantsWorker =
    parts.wantsWorker ||
    (isAsking &&
      isFitForWorker(settings) &&
      (await prompts.confirm('Put these settings as secrets of the Cloudflare Worker now?', false)));
  writeSettings(file, withSettings(text, settings.added));
  prompts.say('good', `${file} is written (readable by you only)`);
  const replaced = settings.replaced();
  if (replaced.length > 0)
    prompts.say('note', `Of the environment, in place of what the file had: ${replaced.join(', ')}`);
  for (const name of settings.overruled())
    prompts.say('bad', `${name} has another value in the environment, which wins: change it there as well`);
  if (identity !== undefined)
    prompts.say(
      'note',
      `Backups are encrypted from now on. This key alone opens them; keep it where the bot is not. It is shown only now:\n\n${identity}\n\nA test message was encrypted for it and opened with it.`,
    );
  if (wantsWorker) putSecrets(parts, settings);
  prompts.say('outro', 'Next: npm start on this machine, or npm run deploy for Cloudflare.');
}

/** Asks for a part and proves it, until it works (true) or the person gives up (false). */
async function askUntilProved(
  { isAsking, prompts }: SetupParts,
  settings: Settings,
  part: Part,
  doubts: string[],
): Promise<boolean> {
  for (let isAgain = false; ; isAgain = true) {
    if (isAsking) await ask(prompts, settings, part, isAgain);
    const progress = prompts.begin(part.name);
    try {
      rememberSecrets(settings.known);
      const {
        found,
        settings: more = {},
        doubt,
      } = await part.prove(configOf(settings, part), settings.known);
      for (const [name, value] of Object.entries(more)) settings.set(name, value);
      progress.end(`${part.name}: ${found}`);
      if (doubt !== undefined) doubts.push(doubt);
      return true;
    } catch (error) {
      const problem = wordsOf(error);
      progress.end(`${part.name}: ${problem}`);
      if (!isAsking || !(await prompts.confirm(`Try ${part.called} again?`, true))) return false;
    }
  }
}

/** Another part's question tells what is wrong with its answers. */
function configOf(settings: Settings, part: Part): Config {
  return configWithout(
    settings,
    PARTS.filter((other) => other !== part),
  );
}

function configWithout({ known }: Settings, parts: readonly Part[]): Config {
  const names = new Set(parts.flatMap(({ questions }) => questions).map(({ name }) => name));
  return readConfig(Object.fromEntries(Object.entries(known).filter(([name]) => !names.has(name))), 'node');
}

/** All that no answer will mend, one a line. */
function requireSound({ file, isAsking }: SetupParts, settings: Settings): void {
  const problems = isAsking || settings.has('BOT_TOKEN') ? [] : [NO_TOKEN];
  try {
    configWithout(settings, isAsking ? PARTS : []);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
  }
  if (problems.length > 0)
    throw new SetupError(
      `${new ConfigError(problems).message}\nnothing was written: mend that in ${file} (or the environment) and run setup again`,
    );
}

async function ask(prompts: Prompts, settings: Settings, part: Part, isAgain: boolean): Promise<void> {
  const [first, ...others] = part.questions;
  if (first === undefined) return;
  await askOne(prompts, settings, first, isAgain);
  const goesOn = part.goesOn(settings.text(first.name));
  // The next start would take half of a part for a mistake.
  for (const question of others)
    if (goesOn) await askOne(prompts, settings, question, isAgain);
    else settings.remove(question.name);
}

/** @param isAgain what is known was tried, in vain */
async function askOne(
  prompts: Prompts,
  settings: Settings,
  question: Question,
  isAgain: boolean,
): Promise<void> {
  const { name, secret = false, optional = false } = question;
  const known = settings.text(name);
  const enter = isAgain ? 'Enter tries the same again' : 'kept: Enter keeps it';
  const kept = secret && known !== '' ? ` (${enter}${optional ? ', - removes it' : ''})` : '';
  const message = `${question.message}${kept}`;
  const problem = (text: string): string | undefined => shapeProblem(name, text);
  const answer = await prompts.ask({ ...question, message, problem, ...(known !== '' && { known }) });
  if (answer === '' ? !secret : secret && optional && answer === '-') settings.remove(name);
  else if (answer !== '') settings.set(name, answer);
}

/** What is wrong with one answer by itself; the proof judges it together with others. */
function shapeProblem(name: string, answer: string): string | undefined {
  // The dashboard's address of a bucket ends in its name, which is asked for next.
  const more = name === 'S3_ENDPOINT' ? { S3_BUCKET: basename(answer) } : {};
  try {
    readConfig({ [name]: answer, ...more }, 'node');
    return undefined;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.find((problem) => problem.startsWith(`${name}: `));
  }
}

/** Makes and proves a key for encrypted backups, if wanted and missing. Keeps its public half. */
async function newKey(
  { isAsking, wantsKey, prompts }: SetupParts,
  settings: Settings,
): Promise<string | undefined> {
  const isEncrypted = settings.has('BACKUP_AGE_RECIPIENTS') || settings.has('BACKUP_PASSPHRASE');
  if (isEncrypted && !isAsking) {
    if (wantsKey) prompts.say('note', 'Backups are encrypted already; no key was made.');
    return undefined;
  }
  const question = isEncrypted
    ? 'Backups are encrypted. Make a new key in place of the present one? Backups until now still need the present one.'
    : 'Encrypt the backups? A key is made and shown once; without it nobody opens them, you neither.';
  if ((isEncrypted || !wantsKey) && !(isAsking && (await prompts.confirm(question, false)))) return undefined;
  const { identity, recipient } = await generateKey();
  await proveKey(recipient, identity);
  settings.set('BACKUP_AGE_RECIPIENTS', recipient);
  settings.remove('BACKUP_PASSPHRASE');
  return identity;
}

function workerSecrets({ known }: Settings): Record<string, string | undefined> {
  return Object.fromEntries(
    WORKER_NAMES.flatMap((name) => (known[name] ? [[name, known[name]] as const] : [])),
  );
}

/** A Worker has no disk: with a file or a directory there is nothing to ask. */
function isFitForWorker(settings: Settings): boolean {
  try {
    readConfig(workerSecrets(settings), 'worker');
    return true;
  } catch (error) {
    if (error instanceof ConfigError) return false;
    throw error;
  }
}

function putSecrets({ file, putSecrets: put, prompts }: SetupParts, settings: Settings): void {
  const secrets = workerSecrets(settings);
  try {
    readConfig(secrets, 'worker');
  } catch (cause) {
    throw new SetupError(`${file} is written, but the Worker was given nothing`, { cause });
  }
  if (!put(JSON.stringify(secrets)))
    throw new SetupError(
      `${file} is written, but wrangler secret bulk failed: log in with \`npx wrangler login\` and run setup again`,
    );
  prompts.say('good', `${Object.keys(secrets).length} secrets were given to the Worker`);
}
