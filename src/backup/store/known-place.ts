/**
 * A directory that the bot knows again. The mount point of a disk that is not mounted is an empty
 * directory of the disk above it: what is stored there lies where nobody looks, and a second copy
 * lies beside the first. So the first object puts a mark with an id into the directory, the
 * database remembers the id, and a directory without it is refused, to read and to write.
 */
import { wholeOf } from '../../lib/capped.ts';
import { ObjectExists, type Store, StoreError } from './types.ts';

/** In the directory itself, above every prefix: bots that share it share its mark. */
export const MARK = 'anime-bot-place.txt';

export interface PlaceMemory {
  /** Undefined: there is no database to ask, so it is not known. Never rejects. */
  recall(): Promise<KnownPlace | undefined>;
  /** Never rejects: what cannot be remembered now is remembered with the next object. */
  remember(id: string): Promise<void>;
}

export interface KnownPlace {
  /** Of the mark that it had; undefined: the bot has stored nothing there that it knows of. */
  readonly id: string | undefined;
  /** The key of an object that nothing but this place has; undefined: none is known. */
  readonly newest: string | undefined;
  /** Something was stored there when the bot made no marks yet, or before a restore. */
  readonly isUsed: boolean;
}

export interface PlaceOptions {
  readonly memory: PlaceMemory;
  /** How the settings name it. */
  readonly setting: 'BACKUP_DIR' | 'COPY_DIR';
  /** What the keys of backups begin with, prefix included. */
  readonly stem: string;
  /** 32 hexadecimal digits. */
  readonly newId: () => string;
}

/**
 * Checks the mark before each request. While no database answers and no mark was seen yet, nothing
 * is checked.
 */
export function createKnownPlace(store: Store, options: PlaceOptions): Store {
  const place = new Place(store, options);
  return {
    ...store,
    async create(...args) {
      await place.settle();
      return store.create(...args);
    },
    async put(...args) {
      await place.settle();
      return store.put(...args);
    },
    async get(key) {
      await place.look();
      return store.get(key);
    },
    async head(key) {
      await place.look();
      return store.head(key);
    },
    async list(...args) {
      await place.look();
      return (await store.list(...args)).filter(({ key }) => key !== MARK);
    },
    async delete(keys) {
      await place.look();
      return store.delete(keys);
    },
    async sweep(...args) {
      await place.look();
      return store.sweep(...args);
    },
  };
}

interface Unsettled {
  readonly mark: string | undefined;
  readonly id: string | undefined;
}

class Place {
  readonly #store: Store;
  readonly #options: PlaceOptions;
  /** Of the mark that was right when it was looked at last. */
  #id: string | undefined;

  constructor(store: Store, options: PlaceOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** @throws StoreError when it is another place than the one that is known */
  async look(): Promise<void> {
    await this.#judge(await readMark(this.#store));
  }

  /** {@link look}, and puts the mark where there is none yet. */
  async settle(): Promise<void> {
    const open = await this.#judge(await readMark(this.#store));
    if (open === undefined) return;
    const id = open.mark ?? (await writeMark(this.#store, open.id ?? this.#options.newId()));
    if (open.id === undefined) await this.#options.memory.remember(id);
    this.#id = id;
  }

  /** Undefined: there is nothing to settle. */
  async #judge(mark: string | undefined): Promise<Unsettled | undefined> {
    if (mark !== undefined && mark === this.#id) return undefined;
    const known = (await this.#options.memory.recall()) ?? this.#kept();
    if (known === undefined) return undefined;
    const { id } = known;
    if (id === undefined) return this.#judgeNew(mark, known);
    if (mark !== undefined && mark !== id)
      throw this.#refusal('it has the mark of another one. Was another disk mounted there?');
    if (mark === id) {
      this.#id = id;
      return undefined;
    }
    // Somebody removed the mark alone, or copied all but it.
    if (await this.#has(known.newest)) return { mark, id };
    throw this.#refusal(
      this.#store.isAbsent?.() === true ? 'it is not there.' : `its mark, ${MARK}, is not there.`,
    );
  }

  async #judgeNew(mark: string | undefined, { isUsed }: KnownPlace): Promise<Unsettled> {
    if (mark === undefined && isUsed && !(await this.#hasBackups()))
      throw this.#refusal('that one has backups, and here is none.');
    return { mark, id: undefined };
  }

  /** While the database does not answer. */
  #kept(): KnownPlace | undefined {
    return this.#id === undefined ? undefined : { id: this.#id, newest: undefined, isUsed: false };
  }

  async #has(key: string | undefined): Promise<boolean> {
    return key !== undefined && (await this.#store.head(key)) !== undefined;
  }

  async #hasBackups(): Promise<boolean> {
    return (await this.#store.list(this.#options.stem)).length > 0;
  }

  #refusal(what: string): StoreError {
    const { setting } = this.#options;
    const which = setting === 'COPY_DIR' ? 'copy' : 'first';
    return new StoreError(
      `${this.#store.description} is not the directory that the bot knows as ${setting}: ${what} Mount its disk. If the place is new on purpose: npm run backup -- accept ${which}`,
      { retryable: false, isElsewhere: true },
    );
  }
}

const MOST_BYTES = 4096;

/** Undefined: there is none, or it is cut. */
export async function readMark(store: Store): Promise<string | undefined> {
  const object = await store.get(MARK);
  if (object === undefined) return undefined;
  const bytes = await wholeOf(object.body, MOST_BYTES, () => new Error(`${MARK} is no mark of the bot's`));
  return /^id ([0-9a-f]{32})$/m.exec(new TextDecoder().decode(bytes))?.[1];
}

/** The id of the mark that is there now: another process may have been quicker. */
export async function writeMark(store: Store, id: string): Promise<string> {
  const text = `anime-bot knows this directory by this file: leave it here, and copy it with the others.\nid ${id}\n`;
  const isCut = (await store.head(MARK)) !== undefined && (await readMark(store)) === undefined;
  await store.put(MARK, new TextEncoder().encode(text), { createOnly: !isCut }).catch((error: unknown) => {
    if (!(error instanceof ObjectExists)) throw error;
  });
  return (await readMark(store)) ?? id;
}
