/** What happens to the two buckets, each for itself, and to the process, unasked. */

import { changeState } from '../../../src/backup/catalog/change-state.ts';
import { beginTimelineSql } from '../../../src/backup/changes/timeline.ts';
import { readMark, writeMark } from '../../../src/backup/store/known-place.ts';
import { forgetCopyNote } from '../../../src/db/bucket-notes.ts';
import { sql } from '../../../src/db/database.ts';
import { acceptPlace, keepPlaceNote } from '../../../src/db/place-notes.ts';
import type { MemoryStore } from '../../support/memory-store.ts';
import type { Place } from './place.ts';
import type { World } from './world.ts';

type Objects = MemoryStore['objects'];
type Event =
  | 'damage'
  | 'junk'
  | 'away'
  | 'empty'
  | 'older'
  | 'restart'
  | 'timeline'
  | 'shrink'
  | 'forget'
  | 'clock';

const EVENTS: readonly Event[] = [
  ...(['damage', 'damage', 'damage', 'damage', 'damage', 'damage', 'away', 'away'] as const),
  ...(['junk', 'empty', 'older', 'restart', 'timeline', 'shrink', 'forget', 'clock'] as const),
];
const HARMS = ['a bit', 'a bit', 'a bit', 'cut', 'gone', 'gone', 'another', 'empty'] as const;

export class Events {
  readonly #world: World;
  /** As somebody has put it by. */
  readonly #saved = new Map<Place, Objects>();

  constructor(world: World) {
    this.#world = world;
  }

  async happen(): Promise<void> {
    const { random, places, watch, story } = this.#world;
    const place = random.chance(0.5) ? places.first : places.copy;
    if (!place.isOther && random.chance(0.2)) this.#saved.set(place, new Map(place.objects));
    const event = random.pick(EVENTS);
    story.push(`${event}, the ${place.role} bucket`);
    await this.#let(event, place);
    watch.accountLosses();
  }

  async #let(event: Event, place: Place): Promise<void> {
    const world = this.#world;
    const { random, db, time } = world;
    switch (event) {
      case 'damage':
        for (let i = 1 + random.int(2); i > 0; i -= 1) this.#damage(place);
        return;
      case 'junk':
        return this.#junk();
      case 'away':
        place.isAway = !place.isAway;
        return;
      case 'empty':
        return this.#empty(place);
      case 'older': {
        const saved = this.#saved.get(place);
        if (saved !== undefined && !place.isOther) place.comeBack(saved);
        return;
      }
      case 'restart':
        world.restart();
        return;
      case 'timeline':
        await db.write([sql(beginTimelineSql('replaced'))]);
        // Of a history that is over, what opens is taken.
        world.watch.junk.clear();
        return;
      case 'shrink':
        world.rows = world.rows === 100 ? 10 : 100;
        return;
      case 'forget':
        await db.write([forgetCopyNote()]);
        return;
      default:
        time.skew = 0;
    }
  }

  #damage(place: Place): void {
    const { random, story } = this.#world;
    const files = place.files();
    if (files.length === 0 || place.isOther) return;
    const file = random.pick(files);
    const body = place.body(file) ?? new Uint8Array(0);
    const how = random.pick(HARMS);
    story.push(`  ${how}: ${file}`);
    if (how === 'a bit') place.store.rot(place.prefix + file, random.int(1000) / 1000);
    else if (how === 'gone') place.harm(file, undefined);
    else if (how === 'cut') place.harm(file, body.slice(0, random.int(body.byteLength)));
    else if (how === 'empty') place.harm(file, new Uint8Array(0));
    else place.harm(file, (place.body(random.pick(files)) ?? body).slice());
  }

  /** Somebody puts a change file beside the bot's own, with the numbers of one of them. */
  async #junk(): Promise<void> {
    const { random, places, truth, options, story, db } = this.#world;
    const { first } = places;
    const [state] = await db.read([changeState]);
    const files = [...truth.proved].filter(
      (file) => truth.changes.get(file)?.timeline === state?.timeline && first.body(file) !== undefined,
    );
    const file = random.pick(files.slice(0, -2));
    const body = first.body(file ?? '');
    if (first.isOther || body === undefined || !options.remembers) return;
    const name = file.replace(/_[0-9a-f]{8}\./, '_ffffffff.');
    story.push(`  ${name}`);
    first.objects.set(first.prefix + name, { body: body.slice(), modified: new Date(this.#world.time.true) });
    this.#world.watch.junk.add(name);
  }

  /** A server's is emptied by somebody; a directory is empty where its disk is away. */
  async #empty(place: Place): Promise<void> {
    const { random } = this.#world;
    if (place.isOther) return place.isAway ? undefined : this.settle(place, random.chance(0.3));
    if (place.kind === 's3') place.replace(new Map());
    else place.mount(random.chance(0.5) ? new Map() : anotherDisk());
  }

  /** The right disk is mounted again, or the owner takes the one that is there. */
  async settle(place: Place, isKept: boolean): Promise<void> {
    if (!place.isOther) return;
    const { story, watch } = this.#world;
    story.push(`  ${isKept ? 'accepted as it is' : 'mounted again'}: the ${place.role} bucket`);
    place.unmount(isKept);
    if (isKept) await this.#accept(place);
    watch.accountLosses();
  }

  /** As `accept` does. */
  async #accept(place: Place): Promise<void> {
    // What the copy has not got yet is no longer told from what somebody else put there.
    if (place.role === 'copy') this.#world.watch.junk.clear();
    const id = (await readMark(place.store)) ?? (await writeMark(place.store, idOf(place)));
    await this.#world.db.write(acceptPlace(place.role, `/${place.role}`, id));
  }

  /** The bot knows its directories. */
  async begin(): Promise<void> {
    const { places, db } = this.#world;
    for (const place of Object.values(places))
      if (place.kind === 'directory')
        await db.write([
          keepPlaceNote(place.role, `/${place.role}`, await writeMark(place.store, idOf(place))),
        ]);
  }

  /** Nothing is amiss with anything any more, but what was damaged and lost. */
  async end(): Promise<void> {
    const { places, time, random } = this.#world;
    for (const place of Object.values(places)) {
      place.isAway = false;
      await this.settle(place, random.chance(0.2));
      // Somebody took its mark away: the owner says that it is the one.
      if (place.kind === 'directory' && (await readMark(place.store)) !== idOf(place))
        await this.#accept(place);
    }
    time.skew = 0;
  }
}

function idOf({ role }: Place): string {
  return (role === 'first' ? '1' : '2').repeat(32);
}

function anotherDisk(): Objects {
  const body = new TextEncoder().encode(`of another bot\nid ${'f'.repeat(32)}\n`);
  return new Map([['anime-bot-place.txt', { body, modified: new Date(0) }]]);
}
