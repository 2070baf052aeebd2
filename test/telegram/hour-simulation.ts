/**
 * One seed: an hour of a bot between people, admins and a hostile Telegram, in simulated time; then
 * calm, until everything that waits had its turn; then what was promised is checked against what
 * Telegram, the chats and the database hold.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seeded } from '../../sim/telegram/random.ts';
import { startTelegram } from '../../sim/telegram/start-telegram.ts';
import { migrate } from '../../src/db/migrate.ts';
import { serve } from './hour-admins.ts';
import { deploy, type Ground, MODES, openGround, type Program, startProgram, WEBHOOK } from './hour-hosts.ts';
import { live } from './hour-people.ts';
import { type Scene, settleScene } from './hour-scene.ts';
import { judge } from './judge.ts';
import { meddle } from './meddler.ts';
import { VirtualTime } from './virtual-time.ts';
import { watchHealth } from './watch-health.ts';
import { between, chance, type Unknown, Weather } from './weather.ts';

const MINUTE = 60_000;
/** The slowest retry of an update is an hour after the one before it. */
const CALM_MINUTES = 75;
const START = Date.parse('2026-11-22T10:00:00Z');
/** The newest backup is so old when the hour begins; of `BACKUP_MAX_AGE_HOURS=1`. */
const BACKUP_AGE_MINUTES = 50;

export interface Told {
  readonly story: readonly string[];
  /** One line of numbers. */
  readonly summary: string;
}

/** Rejects with what was broken, and the story that led there. */
export async function simulate(seed: number, minutes: number): Promise<Told> {
  const time = new VirtualTime(new Date(START - BACKUP_AGE_MINUTES * MINUTE));
  const random = seeded(seed);
  const mode = MODES[seed % MODES.length] ?? 'worker webhook';
  const directory = mkdtempSync(join(tmpdir(), 'anime-hour-'));
  const story: string[] = [`${mode}, ${minutes} minutes`];
  const run = new Run(seed, time, story);
  const telegram = await startTelegram({
    clock: time.now,
    sleep: time.sleep,
    fetch: run.bring,
    limits: chance(random, 0.5),
  });
  const uninstall = time.install();
  let ground: Ground | undefined;
  try {
    ground = await openGround({
      mode,
      time,
      telegram,
      directory,
      settings: {
        ADMIN_IDS: '101,102',
        BACKUP_MAX_AGE_HOURS: '1',
        SUBREQUEST_LIMIT: chance(random, 0.5) ? '50' : '1000',
      },
    });
    await migrate(ground.db, { now: time.now, backup: async () => {} });
    const scene = await settleScene(ground, run.tell);
    await run.hour(ground, scene, minutes);
    const found = await judge(ground, scene, run);
    if (found.problems.length > 0) throw new Error(found.problems.join('\n'));
    return { story, summary: `${mode}: ${found.summary}` };
  } catch (error) {
    const trouble = (ground?.log ?? [])
      .filter(({ level }) => level === 'error')
      .slice(-15)
      .map((line) => JSON.stringify(line));
    throw new Error(`seed ${seed} broke a promise after:\n  ${[...story, ...trouble].join('\n  ')}`, {
      cause: error,
    });
  } finally {
    await run.end();
    uninstall();
    ground?.close();
    await telegram.close();
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** The programs of the hour, one after another, and what happens to them. */
export class Run {
  readonly #seed: number;
  readonly #time: VirtualTime;
  readonly #story: string[];
  #ground: Ground | undefined;
  program: Program | undefined;
  kills = 0;
  /** What somebody did to the bot. */
  deeds = 0;
  isOver = false;
  /** The network between Telegram and the bot, one way. */
  isUnreachable = false;
  readonly problems: string[] = [];
  /** Calls whose program died before it had the answer. */
  readonly lost: Unknown[] = [];

  constructor(seed: number, time: VirtualTime, story: string[]) {
    this.#seed = seed;
    this.#time = time;
    this.#story = story;
  }

  readonly tell = (what: string): void => {
    const at = Math.round((this.#time.now().getTime() - START) / 1000);
    this.#story.push(
      `${String(Math.floor(at / 60)).padStart(3)}:${String(Math.abs(at % 60)).padStart(2, '0')} ${what}`,
    );
  };

  /** Telegram's POST to the webhook. */
  readonly bring: typeof fetch = async (url, init) => {
    const { program } = this;
    if (program === undefined || this.isUnreachable || String(url) !== WEBHOOK)
      throw new TypeError('fetch failed');
    const { signal = null, ...rest } = init ?? {};
    const timedOut = new Promise<never>((_, reject) =>
      signal?.addEventListener('abort', () => reject(signal.reason)),
    );
    return Promise.race([program.fetch(new Request(String(url), rest)), timedOut]);
  };

  start(): void {
    const ground = this.#ground;
    if (ground === undefined || this.program !== undefined) return;
    this.program = startProgram(ground, (underWay) => {
      this.lost.push(...underWay);
      this.program = undefined;
      if (this.#isEnded) return;
      this.kills += 1;
      this.tell('the program is killed');
    });
  }

  async hour(ground: Ground, scene: Scene, minutes: number): Promise<void> {
    this.#ground = ground;
    const { mode, time, telegram } = ground;
    const random = seeded(this.#seed * 7 + 1);
    telegram.serve();
    if (mode === 'worker webhook') await deploy(ground);
    // Yesterday's backup.
    this.start();
    await this.#through(this.program?.host.runBackup('schedule', time.now()));
    await time.runUntil(START);
    const weather = new Weather(this.#seed, time, this.tell);
    this.weather = weather;
    telegram.script({ times: Number.POSITIVE_INFINITY, fault: weather.decide });
    const isOver = (): boolean => this.isOver;
    // Dice of their own: what one does changes nothing of what another one does.
    const own = (id: number) => ({ random: seeded(this.#seed * 100_003 + id), isOver });
    const background = [
      weather.blow(),
      meddle({ run: this, ground, scene, random: seeded(this.#seed * 7 + 5), weather }),
      ...scene.people.map((somebody) => live(somebody, { ...scene.stage, ...own(somebody.person.id) })),
      scene.reader.start(),
      ...scene.admins
        .filter((admin) => admin !== scene.reader)
        .map((admin) => serve(admin, { ...scene.office, ...own(admin.id) })),
    ];
    for (const work of background)
      void work.catch((error: unknown) =>
        this.problems.push(`the story broke off: ${String((error as Error).stack)}`),
      );
    this.#crons(ground, START + between(random, 3, minutes - 1) * MINUTE);
    watchHealth(this, ground, weather);
    await time.runUntil(START + minutes * MINUTE);
    this.tell('all is well from now on');
    this.isOver = true;
    weather.clear();
    this.isUnreachable = false;
    this.start();
    await time.runUntil(START + (minutes + CALM_MINUTES) * MINUTE);
  }

  weather: Weather | undefined;

  /** Every minute the tick, and once the backup of the day. */
  #crons({ mode, time }: Ground, backupAt: number): void {
    let ticking: Program | undefined;
    const every = async (): Promise<void> => {
      for (;;) {
        await time.sleep(MINUTE - (time.now().getTime() % MINUTE));
        if (this.#isEnded) return;
        const { program } = this;
        if (program === undefined) continue;
        if (backupAt <= time.now().getTime() && backupAt > time.now().getTime() - MINUTE) {
          this.tell('the backup of the day');
          void program.host.runBackup('schedule', time.now());
        }
        // Croner starts no second run beside the first; a Worker's crons know nothing of each
        // other.
        if (ticking === program && mode !== 'worker webhook') continue;
        ticking = program;
        const free = (): void => {
          if (ticking === program) ticking = undefined;
        };
        void program.host.tick().then(free, (error: unknown) => {
          free();
          this.tell(`tick: ${String(error)}`);
        });
      }
    };
    void every();
  }

  #isEnded = false;

  /** Nothing of it goes on. */
  async end(): Promise<void> {
    this.#isEnded = true;
    this.isOver = true;
    this.program?.process.kill();
    await this.#time.runUntil(this.#time.now().getTime() + 1_000);
  }

  /** Lets time pass until the work is done. */
  async #through<T>(work: Promise<T> | undefined): Promise<T | undefined> {
    let isDone = false;
    const done = work?.finally(() => {
      isDone = true;
    });
    while (done !== undefined && !isDone) await this.#time.runUntil(this.#time.now().getTime() + 10);
    return done;
  }
}
