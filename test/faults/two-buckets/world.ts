/** One seed's stage: two buckets, a process and its database, and what can be done with them. */
import { changeState } from '../../../src/backup/catalog/change-state.ts';
import type { Trigger } from '../../../src/backup/catalog/manifest.ts';
import { fileBefore } from '../../../src/backup/changes/previous.ts';
import { ship } from '../../../src/backup/changes/ship.ts';
import type { Store } from '../../../src/backup/store/types.ts';
import { type Database, sql } from '../../../src/db/database.ts';
import { copyBackups } from '../../../src/jobs/copy-backups.ts';
import { readBackJob } from '../../../src/jobs/read-back.ts';
import { tick } from '../../../src/jobs/tick.ts';
import { watchChangesJob } from '../../../src/jobs/watch-changes.ts';
import type { Random } from '../../backup/sqlite/random-values.ts';
import { Chaos, type Focus } from '../chaos.ts';
import { Host, type HostParts } from './host.ts';
import { Place, type Role } from './place.ts';
import { makeBackup } from './small-backup.ts';
import type { SmallDatabase } from './small-database.ts';
import type { Template } from './templates.ts';
import { SeedTime } from './time.ts';
import { Truth } from './truth.ts';
import { Watch } from './watch.ts';

export interface WorldOptions {
  readonly name: string;
  readonly random: Random;
  readonly small: SmallDatabase;
  readonly template: Template;
  readonly kinds: Readonly<Record<Role, Store['kind']>>;
  readonly days: number | undefined;
  readonly daily: number | undefined;
  readonly changeDays: number;
  readonly isNode: boolean;
  readonly hasKey: boolean;
  readonly remembers: boolean;
  readonly mayJump: boolean;
}

/** What disturbs a step. */
export interface Trouble {
  readonly name: string;
  readonly calls: number;
  readonly troubles: number;
  readonly focus: Focus | undefined;
}

const MOST_FILES = 6;

export class World {
  readonly story: string[] = [];
  /** What people were told, or could read in the log. */
  readonly said: string[] = [];
  readonly options: WorldOptions;
  readonly random: Random;
  readonly time: SeedTime;
  readonly truth: Truth;
  readonly watch: Watch;
  readonly places: Readonly<Record<Role, Place>>;
  /** Nothing is in its way. */
  readonly db: Database;
  host: Host;
  /** Of the table that must not shrink unnoticed. */
  rows = 100;
  written: number;
  /** Answers that broke off, and calls in which another process went on. */
  readonly cut: string[] = [];
  /** What was found may not have been told. */
  isWordLost = false;
  readonly #parts: HostParts;
  #ticks = 0;

  constructor(options: WorldOptions) {
    const { name, random, small, template, kinds } = options;
    this.options = options;
    this.random = random;
    this.time = new SeedTime(template.end);
    this.truth = new Truth(template.truth);
    this.watch = new Watch(this.truth);
    this.written = template.written;
    small.fill(template.contents);
    small.begin(name, this.time.clock.now);
    this.db = small.db;
    const place = (role: Role, prefix: string): Place => {
      const made = new Place({ role, kind: kinds[role], prefix }, this.time, this.watch);
      made.replace(template.objects[role]);
      return made;
    };
    this.places = { first: place('first', 'b/'), copy: place('copy', '') };
    this.watch.begin(this.places, { ...options, ...this, first: this.places.first });
    this.#parts = {
      ...{ small, db: this.db, places: this.places, time: this.time, key: template.key },
      ...options,
      onAlert: (message) => void this.said.push(message),
    };
    this.host = new Host(this.#parts);
  }

  pass(ms: number): void {
    for (const place of Object.values(this.places)) place.note();
    this.time.true += ms;
  }

  /** Another process takes the place of this one. */
  restart(): void {
    this.host = new Host(this.#parts);
  }

  /** A second process beside it, which nothing disturbs. */
  beside(): Host {
    return new Host(this.#parts);
  }

  /** A dead holder is waited for; here that time is over at once. */
  async expireLeases(): Promise<void> {
    await this.db.write([
      sql("UPDATE backup_lease SET expires_ms = 0, holder = ''"),
      sql('DELETE FROM job_leases'),
    ]);
  }

  async disturbed(
    { name, ...trouble }: Trouble,
    step: () => Promise<unknown>,
    meanwhile?: () => Promise<void>,
  ): Promise<void> {
    const { host, time, watch, options } = this;
    const chaos = new Chaos({
      ...{ name: `${options.name}.${name}`, clock: time.clock, ...trouble, meanwhile },
      jump: (ms) => (options.mayJump ? time.jump(ms) : undefined),
    });
    host.chaos = chaos;
    watch.hits = chaos.hits;
    try {
      await step().catch((error: unknown) => this.story.push(`  ${String(error).slice(0, 160)}`));
    } finally {
      await chaos.end();
      host.chaos = undefined;
      this.story.push(...chaos.hits.map((hit) => `  ${hit}`));
    }
    // Between what stands in a bucket and the word of it in the database a process may die.
    this.isWordLost ||= chaos.isDead || chaos.hits.some((hit) => hit.startsWith('database'));
    this.cut.push(...chaos.hits.filter((hit) => / is cut$|<- stall$/.test(hit)));
    if (chaos.isDead) this.restart();
  }

  async backUp(trigger: Trigger, host: Host = this.host): Promise<string | undefined> {
    await this.expireLeases();
    const { pairs } = this.options.template;
    const pair = pairs[this.truth.backups.size % pairs.length];
    if (pair === undefined) throw new Error('nothing is prepared');
    const wish = { trigger, rows: this.rows, pair, db: this.db, time: this.time.true };
    const name = await makeBackup(host, this.truth, wish);
    // Of a process that is dead nobody hears.
    if (name !== undefined && host.chaos?.isDead !== true) {
      this.truth.proved.add(name);
      this.truth.done.add(name);
    }
    return name;
  }

  /** So many changes, with the full backup that may have to come first. */
  async ship(changes: number, host: Host = this.host): Promise<void> {
    await this.expireLeases();
    for (let i = 0; i < changes; i += 1) {
      this.written += 1;
      await this.db.write([
        sql(
          `INSERT INTO counters (metric, period, value) VALUES ('sim', ?1, ?2)
           ON CONFLICT DO UPDATE SET value = excluded.value`,
          String(this.written % 3),
          this.written,
        ),
      ]);
    }
    this.watch.onMade = (file, body) => this.truth.addChange(file, body, this.time.true);
    try {
      for (let i = 0; i < MOST_FILES; i += 1) {
        const outcome = await ship({ ...host.shipping, ...(i === 0 && changes > 1 && { entries: 1 }) });
        await this.#learnChange();
        if (outcome.kind === 'needs-base') await this.backUp('changes', host);
        else if (outcome.kind === 'shipped' && !outcome.isEnd) continue;
        if (outcome.kind === 'fork') this.watch.broken.push('a fork, and there is no other database');
        if (outcome.kind !== 'needs-base') return;
      }
    } finally {
      this.watch.onMade = undefined;
    }
  }

  async copy(host: Host = this.host, requests?: number): Promise<void> {
    await this.expireLeases();
    await copyBackups(host.jobs(requests), this.#holder('copy'));
  }

  async look(host: Host = this.host): Promise<void> {
    await this.expireLeases();
    const holder = this.#holder('look');
    if (this.options.isNode) return host.looks.run(host.jobs(), holder);
    const { copy, keys, context } = host;
    const { changeDays: days } = this.options;
    return tick([readBackJob({ first: context, copy, keys, days })], host.jobs(), holder);
  }

  async watchChanges(): Promise<void> {
    await this.expireLeases();
    await tick([watchChangesJob], this.host.jobs(), this.#holder('watch'));
  }

  #holder(what: string): string {
    this.#ticks += 1;
    return `${what} ${this.#ticks}`;
  }

  /** Call it when nothing is under way. @throws what was broken */
  async check(): Promise<void> {
    await this.#learnChange();
    const { truth, places, watch } = this;
    // One that was published and could not be recorded is there all the same.
    for (const [name, { objects }] of places.first.isOther ? [] : truth.backups)
      if (objects.keys().every((file) => truth.isRight(file, places.first.body(file))))
        truth.proved.add(name);
    watch.check();
  }

  /** What the database says to be stored. */
  async #learnChange(): Promise<void> {
    const { truth } = this;
    const [state] = await this.db.read([changeState]);
    const last = fileBefore(state?.previous);
    if (last !== undefined && truth.bytes.has(last.file)) truth.proved.add(last.file);
  }
}
