/**
 * Whose backups lie in a bucket that bots share. A database may belong to one bot after another,
 * and what it was under each of them is its own: its timelines tell that, and for a backup without
 * a change log the bots that manifests name. Pure.
 */
import { least } from '../../lib/extremes.ts';
import { shortId } from './change-position.ts';
import type { BackupEntry } from './entry.ts';
import type { Manifest } from './manifest.ts';

export type ManifestBot = NonNullable<Manifest['bot']>;

type Named = Pick<BackupEntry, 'manifest'>;

/** What makes a backup one of a database's own. */
class Line {
  readonly #id: number;
  readonly #kin: Kin;
  readonly #names = new Set<string>();
  readonly #kins = new Set<Kindred>();
  /** The timelines of the database, and those that they come from. */
  readonly #timelines = new Set<string>();
  readonly #left = new Map<string, Left>();

  constructor(id: number, kin: Kin) {
    this.#id = id;
    this.#kin = kin;
  }

  add({ manifest }: Named): void {
    if (manifest?.bot?.before !== undefined) this.#names.add(manifest.bot.before);
    const { changes } = manifest ?? {};
    if (changes === undefined) return;
    this.#timelines.add(changes.timeline);
    const kindred = this.#kin.of({ changes });
    if (kindred !== undefined) this.#kins.add(kindred);
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
    if (changes === undefined) return this.#names.has(manifest.bot.username);
    if (!this.#timelines.has(changes.timeline)) return this.#beganBehind(manifest);
    const left = this.#left.get(changes.timeline);
    return left === undefined || changes.seq <= left.seq || isBefore(manifest, left.since);
  }

  /** A log that began anew names none before it: the bot of then tells which, if that is over. */
  #beganBehind(manifest: Manifest): boolean {
    const end = this.#kin.of(manifest)?.end ?? 0;
    const name = manifest.bot?.username ?? '';
    return [...this.#kins].some(
      ({ since, first }) => end <= since && (first.bot?.username === name || first.bot?.before === name),
    );
  }
}

/** Timelines that go on from one another, as the manifests that are there tell. */
interface Kindred {
  readonly first: Manifest;
  /** When the first of them began, and when the last backup was made, ms since 1970. */
  readonly since: number;
  readonly end: number;
  readonly bots: ReadonlySet<number | undefined>;
  /** The newest backup of each timeline. */
  readonly last: readonly Manifest[];
}

/** Which timelines of a bucket belong together. */
class Kin {
  readonly #parents = new Map<string, string>();
  readonly #found = new Map<string, Kindred>();

  constructor(entries: readonly Named[]) {
    const logged = entries.flatMap(({ manifest }) => (manifest?.changes === undefined ? [] : [manifest]));
    for (const { changes } of logged)
      if (changes?.parent != null) this.#parents.set(changes.timeline, changes.parent.timeline);
    const sorted = logged.toSorted((a, b) => Date.parse(a.finished_at) - Date.parse(b.finished_at));
    for (const [root, all] of Map.groupBy(sorted, ({ changes }) => this.#root(changes?.timeline ?? ''))) {
      const byTimeline = new Map(all.map((manifest) => [manifest.changes?.timeline, manifest]));
      const [first] = all;
      if (first === undefined) continue;
      const since = least(all.map(({ changes }) => Date.parse(changes?.since ?? '')));
      const end = Date.parse(all.at(-1)?.finished_at ?? '');
      const bots = new Set(all.map(({ bot }) => bot?.id));
      this.#found.set(root, { first, since, end, bots, last: [...byTimeline.values()] });
    }
  }

  of({ changes }: Pick<Manifest, 'changes'>): Kindred | undefined {
    return changes && this.#found.get(this.#root(changes.timeline));
  }

  /**
   * A database that had the bot's token for a while: it came from another bot, and no line of it is
   * the bot's any more.
   */
  isLent({ manifest }: Named, id: number): boolean {
    const kindred = manifest && this.of(manifest);
    if (kindred === undefined || !kindred.bots.has(id)) return false;
    const { first, last } = kindred;
    if (last.some(({ bot }) => bot === undefined || bot.id === id)) return false;
    return first.bot?.id !== id || last.some(({ bot }) => bot?.username === first.bot?.before);
  }

  #root(timeline: string): string {
    const seen = new Set<string>();
    let root = timeline;
    for (let next = this.#parents.get(root); next !== undefined && !seen.has(next); ) {
      seen.add(next);
      root = next;
      next = this.#parents.get(root);
    }
    return root;
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

/**
 * Those of the database that belongs to the bot, whatever bots it belonged to before.
 * @param isPart older ones follow, among which its own may be
 */
export function ownOf<Entry extends Named>(
  id: number,
  entries: readonly Entry[],
  isPart = false,
): ReadonlySet<Entry> {
  const kin = new Kin(entries);
  const line = new Line(id, kin);
  const own = new Set<Entry>();
  const isMine = ({ manifest }: Entry): boolean => manifest?.bot?.id === id;
  const kept = entries.filter((entry) => !kin.isLent(entry, id));
  const fit = isPart || kept.some(isMine) ? kept : entries;
  const take = (found: readonly Entry[]): void => {
    for (const entry of found) {
      own.add(entry);
      line.add(entry);
    }
  };
  // Its own first: they tell where it left what others went on with.
  for (let found = fit.filter(isMine); found.length > 0; ) {
    take(found);
    found = fit.filter((entry) => !own.has(entry) && line.has(entry));
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

/** Another bot than `own`, in a sentence; it may have had the token of `own` for a while. */
export function strangerText(bot: ManifestBot, own: number | undefined): string {
  return bot.id === own ? 'of another database, which had this token' : `of another bot, ${botText(bot)}`;
}

/** Telegram's have 32 characters; somebody may have written more into the bucket. */
export function botName({ username }: Pick<ManifestBot, 'username'>): string {
  return username.slice(0, 64);
}
