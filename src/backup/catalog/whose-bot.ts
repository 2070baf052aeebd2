/**
 * Whose backups lie in a bucket that bots share. A database may belong to one bot after another,
 * and what it was under each of them is its own: its timelines tell that, and for a backup without
 * a change log the bots that manifests name. Pure.
 */
import { shortId } from './change-position.ts';
import type { BackupEntry } from './entry.ts';
import type { Manifest } from './manifest.ts';

export type ManifestBot = NonNullable<Manifest['bot']>;

type Named = Pick<BackupEntry, 'manifest'>;

/** What makes a backup one of a database's own. */
class Line {
  readonly #id: number;
  readonly #names = new Set<string>();
  /** The timelines of the database, and those that they come from. */
  readonly #timelines = new Set<string>();
  readonly #left = new Map<string, Left>();

  constructor(id: number) {
    this.#id = id;
  }

  add({ manifest }: Named): void {
    if (manifest?.bot?.before !== undefined) this.#names.add(manifest.bot.before);
    const { changes } = manifest ?? {};
    if (changes === undefined) return;
    this.#timelines.add(changes.timeline);
    if (changes.parent === null) return;
    const { timeline, seq } = changes.parent;
    this.#timelines.add(timeline);
    const before = this.#left.get(timeline) ?? { seq: 0, since: 0 };
    const since = Math.max(Date.parse(changes.since), before.since);
    this.#left.set(timeline, { seq: Math.max(seq, before.seq), since });
  }

  /**
   * A copy that another bot took may have gone on in a timeline that the database has left. A
   * restore that went further back has left all that was there.
   */
  has({ manifest }: Named): boolean {
    if (manifest?.bot === undefined) return false;
    if (manifest.bot.id === this.#id) return true;
    const { changes } = manifest;
    if (changes === undefined || !this.#timelines.has(changes.timeline))
      return this.#names.has(manifest.bot.username);
    const left = this.#left.get(changes.timeline);
    return left === undefined || changes.seq <= left.seq || isBefore(manifest, left.since);
  }
}

/** A timeline that the database went on from elsewhere: at which change at the latest, and when. */
interface Left {
  readonly seq: number;
  /** In ms since 1970. */
  readonly since: number;
}

function isBefore({ finished_at }: Manifest, time: number): boolean {
  return Date.parse(finished_at) < time;
}

/** Those of the database that belongs to the bot, whatever bots it belonged to before. */
export function ownOf<Entry extends Named>(id: number, entries: readonly Entry[]): ReadonlySet<Entry> {
  const line = new Line(id);
  const own = new Set<Entry>();
  const isMine = ({ manifest }: Entry): boolean => manifest?.bot?.id === id;
  const take = (found: readonly Entry[]): void => {
    for (const entry of found) {
      own.add(entry);
      line.add(entry);
    }
  };
  // Its own first: they tell where it left what others went on with.
  for (let found = entries.filter(isMine); found.length > 0; ) {
    take(found);
    found = entries.filter((entry) => !own.has(entry) && line.has(entry));
  }
  return own;
}

/**
 * Backups by the database that they are of, each newest first as they came; those that name no bot
 * are left out. One: there is a bot whose database all of them are of.
 */
export function familiesOf<Entry extends Named>(entries: readonly Entry[]): Entry[][] {
  const families: Entry[][] = [];
  let rest = entries.filter(({ manifest }) => manifest?.bot !== undefined);
  while (rest.length > 0) {
    const ids = new Set(rest.flatMap(({ manifest }) => manifest?.bot?.id ?? []));
    let most: ReadonlySet<Entry> = new Set();
    for (const id of ids) {
      const own = ownOf(id, rest);
      if (own.size > most.size) most = own;
    }
    families.push(rest.filter((entry) => most.has(entry)));
    rest = rest.filter((entry) => !most.has(entry));
  }
  return families;
}

/** Those of other bots; none where all that name a bot are of one: its token may be a new one. */
export function ofOtherBots<Entry extends Named>(
  id: number | undefined,
  entries: readonly Entry[],
): ReadonlySet<Entry> {
  if (id === undefined) return new Set();
  const own = ownOf(id, entries);
  if (own.size === 0 && familiesOf(entries).length < 2) return new Set();
  return new Set(entries.filter((entry) => entry.manifest?.bot !== undefined && !own.has(entry)));
}

/**
 * The bot that a backup is of, where it is not one of the bot's own; without a token nobody's is.
 * Undefined also where its manifest names none.
 */
export function strangerOf<Entry extends Named>(
  id: number | undefined,
  entries: readonly Entry[],
  entry: Entry | undefined,
): ManifestBot | undefined {
  const bot = entry?.manifest?.bot;
  if (entry === undefined || bot === undefined || id === undefined) return bot;
  return ownOf(id, entries).has(entry) ? undefined : bot;
}

/** How each of several databases is named to `restore --at`, newest first. */
export function waysTo(families: readonly (readonly Named[])[]): string {
  return families
    .flatMap(([newest]) => {
      const { bot, name, changes } = newest?.manifest ?? {};
      if (bot === undefined) return [];
      const way = changes === undefined ? `${name}` : `--at 0m --timeline ${shortId(changes.timeline)}`;
      return [`\`restore ${way}\` for ${botText(bot)}`];
    })
    .join(', ');
}

/** For people. */
export function botText(bot: ManifestBot): string {
  return `@${botName(bot)} (${bot.id})`;
}

/** Telegram's have 32 characters; somebody may have written more into the bucket. */
export function botName({ username }: Pick<ManifestBot, 'username'>): string {
  return username.slice(0, 64);
}
