/**
 * What is in the bucket: objects grouped into backups, each with its state and, when it is not
 * sound, why (docs/spec/backup.md, "Commands").
 */

import { inParallel } from '../../lib/in-parallel.ts';
import { type Bucket, type Doubt, nowOf } from './bucket.ts';
import { type BackupEntry, groupTime, has, isUnsealed, loadEntry, type ObjectGroup } from './entry.ts';
import { type BackupName, isOfBackup, parseKey, STEM } from './names.ts';
import { isAhead } from './true-time.ts';
import { familiesOf, type ManifestBot, ownOf, strangerOf } from './whose-bot.ts';

/** One listing, grouped, newest first. Objects that are none of ours are left out. */
export async function readGroups(bucket: Bucket): Promise<ObjectGroup[]> {
  const { store, prefix } = bucket;
  const groups = new Map<BackupName, ObjectGroup['objects'][number][]>();
  // Not what else lies there: change files are many (changes/change-names.ts).
  for (const object of await store.list(`${prefix}${STEM}`)) {
    const parsed = parseKey(prefix, object.key);
    if (parsed === undefined) continue;
    const objects = groups.get(parsed.name) ?? [];
    objects.push({ ...object, role: parsed.role, encrypted: parsed.encrypted });
    groups.set(parsed.name, objects);
  }
  const found = [...groups].map(([name, objects]) => ({ name, objects }));
  const timed = found
    // A pin or a verdict alone is no backup.
    .filter(({ objects }) => objects.some(isOfBackup))
    .map((group) => ({ group, time: groupTime(bucket, group).getTime() }));
  // By the time that can be, not by name: a backup of a clock that ran a year ahead must not pose
  // as the newest for a year.
  timed.sort((a, b) => b.time - a.time || (a.group.name < b.group.name ? 1 : -1));
  return timed.map(({ group }) => group);
}

export interface Page {
  readonly offset?: number;
  readonly limit?: number;
  /** Only what has a manifest: everybody who can write to the bucket can make other names newer. */
  readonly isMade?: boolean;
}

/** Backups, newest first, with manifests: one listing, and one get a backup. `total` counts all. */
export async function listBackups(
  bucket: Bucket,
  page: Page = {},
): Promise<{ entries: BackupEntry[]; total: number }> {
  const all = await readGroups(bucket);
  const groups = page.isMade === true ? all.filter((group) => has(group, 'manifest')) : all;
  const offset = page.offset ?? 0;
  const shown = groups.slice(offset, page.limit === undefined ? undefined : offset + page.limit);
  return { entries: await inParallel(shown, (group) => loadEntry(bucket, group)), total: groups.length };
}

export interface Newest {
  /** Undefined when there is none. */
  readonly entry: BackupEntry | undefined;
  /** Newer ones that were passed over, and those whose time is not known; newest first. */
  readonly newer: readonly BackupEntry[];
  /** Whose {@link entry} is, where no backup that was seen is of the bot whose token is set. */
  readonly taken?: ManifestBot | undefined;
  /** Those of {@link newer} that are of other bots, and count for nothing. */
  readonly strangers?: readonly BackupEntry[];
  /** Those of {@link newer} that no run of the database made (doubts.ts). */
  readonly unrecorded?: readonly BackupEntry[];
}

const isVerified = ({ state }: BackupEntry): boolean => state === 'verified';

/**
 * The newest backup that `isFit` (by default: verified); reads no more manifests than it must. One
 * dated in the future is passed over: a clock that ran ahead made it, and it would pose as the
 * newest until time catches up. So is one that {@link isUnsealed}, and one of another bot; but
 * where all that name a bot are of one other, a new token was put beside an old bot's backups.
 */
export async function newestFit(
  bucket: Bucket,
  isFit: (entry: BackupEntry) => boolean = isVerified,
): Promise<Newest> {
  const choice = new Choice(bucket, isFit);
  for (const group of await readGroups(bucket))
    if (await choice.isMade(await loadEntry(bucket, group))) break;
  return choice.result();
}

/** Looks at one after another, newest first, until it has one. */
class Choice {
  readonly #bucket: Bucket;
  readonly #isFit: (entry: BackupEntry) => boolean;
  readonly #seen: BackupEntry[] = [];
  /** Those of {@link #seen} that could be it: anybody can put thousands there that could not. */
  readonly #good: BackupEntry[] = [];
  readonly #doubts = new Map<BackupEntry, Doubt | undefined>();
  #own: ReadonlySet<BackupEntry> = new Set();
  #entry: BackupEntry | undefined;

  constructor(bucket: Bucket, isFit: (entry: BackupEntry) => boolean) {
    this.#bucket = bucket;
    this.#isFit = isFit;
  }

  async isMade(entry: BackupEntry): Promise<boolean> {
    const { bot } = this.#bucket;
    this.#seen.push(entry);
    if (this.#isFit(entry) && counts(this.#bucket, entry)) this.#good.push(entry);
    if (entry.manifest === undefined) return false;
    // An older one of this bot may tell that a newer one is of the same database.
    if (bot !== undefined && (this.#own.size > 0 || entry.manifest.bot?.id === bot))
      this.#own = ownOf(bot, this.#seen, true);
    this.#entry = await this.#firstOwn();
    return this.#entry !== undefined;
  }

  async result(): Promise<Newest> {
    const { bot } = this.#bucket;
    if (this.#entry === undefined && bot !== undefined) {
      this.#own = ownOf(bot, this.#seen);
      this.#entry = await this.#firstOwn();
    }
    if (this.#entry === undefined && familiesOf(this.#seen).length === 1)
      return this.#asTaken(await this.#first(() => true));
    const found = this.#upTo(this.#entry);
    const strangers = found.newer.filter((entry) => this.#isStranger(entry));
    return { ...found, ...(strangers.length > 0 && { strangers }) };
  }

  #asTaken(entry: BackupEntry | undefined): Newest {
    return { ...this.#upTo(entry), taken: strangerOf(this.#bucket.bot, this.#seen, entry) };
  }

  #upTo(entry: BackupEntry | undefined): Newest {
    const newer = entry === undefined ? this.#seen : this.#seen.slice(0, this.#seen.indexOf(entry));
    const unrecorded = newer.filter((one) => this.#doubts.get(one)?.kind === 'unrecorded');
    return {
      entry,
      newer: newer.map((one) => asDoubted(one, this.#doubts.get(one))),
      ...(unrecorded.length > 0 && { unrecorded }),
    };
  }

  #firstOwn(): Promise<BackupEntry | undefined> {
    return this.#first((one) => !this.#isStranger(one));
  }

  /** The first of them that nothing speaks against. */
  async #first(isFit: (entry: BackupEntry) => boolean): Promise<BackupEntry | undefined> {
    for (const entry of this.#good) {
      if (!isFit(entry)) continue;
      if (!this.#doubts.has(entry)) this.#doubts.set(entry, await this.#bucket.doubt?.(entry));
      if (this.#doubts.get(entry) === undefined) return entry;
    }
    return undefined;
  }

  /** The bot is unknown where the manifest names none: such a backup counts as ours. */
  #isStranger(entry: BackupEntry): boolean {
    return this.#bucket.bot !== undefined && entry.manifest?.bot !== undefined && !this.#own.has(entry);
  }
}

function counts(bucket: Bucket, entry: BackupEntry): boolean {
  return !isAhead(entry.time, nowOf(bucket)) && !isUnsealed(bucket, entry);
}

/** What it holds is of another name: nothing of it may stand for this one. */
function asDoubted(entry: BackupEntry, doubt: Doubt | undefined): BackupEntry {
  if (doubt?.kind !== 'mislabelled') return entry;
  return { ...entry, state: 'damaged', problem: doubt.problem, concerns: 'files', usable: [] };
}

/** The newest verified one of all the backups, which are at hand. */
export async function newestOf(bucket: Bucket, entries: readonly BackupEntry[]): Promise<Newest> {
  const choice = new Choice(bucket, isVerified);
  for (const entry of entries) if (await choice.isMade(entry)) break;
  return choice.result();
}

/** The newest backup whose manifest is sound and whose objects are there. */
export async function newestVerified(bucket: Bucket): Promise<BackupEntry | undefined> {
  return (await newestFit(bucket)).entry;
}

/** One backup by name, or undefined when the bucket has nothing of it. */
export async function findBackup(bucket: Bucket, name: BackupName): Promise<BackupEntry | undefined> {
  const group = (await readGroups(bucket)).find((candidate) => candidate.name === name);
  return group === undefined ? undefined : loadEntry(bucket, group);
}
