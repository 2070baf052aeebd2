/** Settings asked for, proved part by part, and only then written. Node only. */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { explain } from '../../backup/clock.ts';
import { generateKey, proveKey } from '../../backup/envelope/keys.ts';
import { ConfigError, readConfig } from '../../config.ts';
import { hideSecrets, rememberSecrets } from '../../log.ts';
import { nearMisses, tellNearMiss } from '../../setting-names.ts';
import { withSettings } from '../env-file.ts';
import { Cancelled, type Prompts } from './prompts.ts';
import { PARTS, type Part, SetupError } from './proofs.ts';

export interface SetupParts {
  /** The file of settings; what it holds stays. */
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A person is there to answer. */
  readonly isAsking: boolean;
  /** Make a key for encrypted backups, without being asked by a question. */
  readonly wantsKey: boolean;
  /** Put the Worker's secrets, likewise. */
  readonly wantsWorker: boolean;
  readonly prompts: Prompts;
  /** Hands the settings over as secrets of the Worker; returns whether that worked. */
  readonly putSecrets: (json: string) => boolean;
}

/** Returns the exit code. Nothing is written before every part was proved. */
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

/** What is known so far, and what of it the file does not hold yet. */
class Settings {
  readonly known: Record<string, string | undefined>;
  readonly added = new Map<string, string>();

  constructor(inFile: Readonly<Record<string, string | undefined>>, env: SetupParts['env']) {
    this.known = { ...inFile, ...env };
    for (const [name, value] of Object.entries(env))
      if (value !== undefined && value !== '' && KEPT.test(name) && inFile[name] === undefined)
        this.added.set(name, value);
  }

  has(name: string): boolean {
    return (this.known[name] ?? '') !== '';
  }

  set(name: string, value: string): void {
    if (this.known[name] === value) return;
    this.known[name] = value;
    this.added.set(name, value);
  }

  forget(name: string): void {
    delete this.known[name];
    this.added.delete(name);
  }
}

/** Settings given by the environment that the next start must find as well. A key that opens backups is not for the bot. */
const KEPT =
  /^(BOT_TOKEN|ADMIN_IDS|PUBLIC_URL|TELEGRAM_API_ROOT|DATABASE_(URL|AUTH_TOKEN)|S3_[A-Z_]+|BACKUP_(?!AGE_IDENTITY)[A-Z_]+|DEFAULT_LOCALE)$/;

async function setUp(parts: SetupParts): Promise<void> {
  const { file, env, isAsking, prompts } = parts;
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const settings = new Settings(parseEnv(text), env);
  prompts.say('intro', 'anime-bot: settings');
  const names = [...Object.keys(parseEnv(text)), ...Object.keys(env)];
  for (const miss of nearMisses([...new Set(names)])) prompts.say('note', tellNearMiss(miss));
  for (const part of PARTS) await settle(parts, settings, part);
  if (!settings.has('WEBHOOK_SECRET')) settings.set('WEBHOOK_SECRET', randomBytes(24).toString('hex'));
  const identity = await newKey(parts, settings);
  readConfig(settings.known, 'node');
  // The last question, so that whoever leaves at any of them has changed nothing.
  const wantsWorker =
    parts.wantsWorker ||
    (isAsking &&
      isFitForWorker(settings) &&
      (await prompts.confirm('Put these settings as secrets of the Cloudflare Worker now?', false)));
  write(file, withSettings(text, settings.added));
  prompts.say('good', `${file} is written (readable by you only)`);
  if (identity !== undefined)
    prompts.say(
      'note',
      `Backups are encrypted from now on. This key alone opens them; keep it where the bot is not. It is shown only now:\n\n${identity}\n\nA test message was encrypted for it and opened with it.`,
    );
  if (wantsWorker) putSecrets(parts, settings);
  prompts.say('outro', 'Next: npm start on this machine, or npm run deploy for Cloudflare.');
}

/** Asks for what is missing of a part and proves it, until it works or the person gives up. */
async function settle({ isAsking, prompts }: SetupParts, settings: Settings, part: Part): Promise<void> {
  for (;;) {
    const answered = isAsking ? await ask(prompts, settings, part) : [];
    const progress = prompts.begin(part.name);
    try {
      rememberSecrets(settings.known);
      const { found, settings: more = {} } = await part.prove(
        readConfig(settings.known, 'node'),
        settings.known,
      );
      for (const [name, value] of Object.entries(more)) settings.set(name, value);
      progress.end(`${part.name}: ${found}`);
      return;
    } catch (error) {
      const problem = wordsOf(error);
      progress.end(`${part.name}: ${problem}`);
      const isOver =
        answered.length === 0 || !(await prompts.confirm(`Answer for the ${part.name} again?`, true));
      if (isOver) throw new SetupError(`without a working ${part.name} nothing was written`);
      for (const name of answered) settings.forget(name);
    }
  }
}

/** Returns the names answered. */
async function ask(prompts: Prompts, settings: Settings, part: Part): Promise<string[]> {
  const answered: string[] = [];
  const [first, ...others] = part.questions;
  const goesOn = (): boolean => part.goesOn(settings.known[first?.name ?? ''] ?? '');
  for (const question of [first, ...others]) {
    if (question === undefined || settings.has(question.name)) continue;
    if (question !== first && !goesOn()) continue;
    const answer = await prompts.ask(question);
    if (answer === '') continue;
    settings.set(question.name, answer);
    answered.push(question.name);
  }
  return answered;
}

/** A key for encrypted backups, if one is wanted and there is none; proved. Only its public half is kept. */
async function newKey(
  { isAsking, wantsKey, prompts }: SetupParts,
  settings: Settings,
): Promise<string | undefined> {
  if (settings.has('BACKUP_AGE_RECIPIENTS') || settings.has('BACKUP_PASSPHRASE')) {
    if (wantsKey) prompts.say('note', 'Backups are encrypted already; no key was made.');
    return undefined;
  }
  const question =
    'Encrypt the backups? A key is made and shown once; without it nobody opens them, you neither.';
  if (!wantsKey && !(isAsking && (await prompts.confirm(question, false)))) return undefined;
  const { identity, recipient } = await generateKey();
  await proveKey(recipient, identity);
  settings.set('BACKUP_AGE_RECIPIENTS', recipient);
  return identity;
}

/** Whole or not at all; a link stays a link. */
function write(file: string, text: string): void {
  const path = existsSync(file) ? realpathSync(file) : file;
  const draft = `${path}.${process.pid}.new`;
  writeFileSync(draft, text, { mode: 0o600 });
  chmodSync(draft, 0o600);
  renameSync(draft, path);
}

const WORKER_SECRETS =
  /^(BOT_TOKEN|BOT_INFO|WEBHOOK_SECRET|ADMIN_IDS|TELEGRAM_API_ROOT|DATABASE_(URL|AUTH_TOKEN)|S3_\w+|BACKUP_(?!DIR|AGE_IDENTITY)\w+|DEFAULT_LOCALE|LOG_LEVEL)$/;

function workerSecrets({ known }: Settings): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(known).filter(([name, value]) => WORKER_SECRETS.test(name) && value),
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
