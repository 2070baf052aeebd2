/**
 * One of the two buckets, as somebody sees it who stands beside it: what is in it, what the engine
 * does there, and what happens to it that the engine does not do.
 */
import { parseKey } from '../../../src/backup/catalog/names.ts';
import { type Store, StoreError } from '../../../src/backup/store/types.ts';
import { createMemoryStore, type MemoryStore } from '../../support/memory-store.ts';
import { CALM_SLICE_BYTES } from '../edges.ts';
import type { SeedTime } from './time.ts';

export type Role = 'first' | 'copy';
type Objects = MemoryStore['objects'];

export interface Watcher {
  /** Before anything of it is gone. */
  onDelete(place: Place, keys: readonly string[]): void;
  /** Before a key is written that something has. */
  onOverwrite(place: Place, key: string): void;
  onPut(place: Place, key: string, body: Uint8Array): void;
}

export class Place {
  readonly role: Role;
  readonly prefix: string;
  readonly kind: Store['kind'];
  readonly store: MemoryStore;
  readonly objects: Objects;
  /** Bodies that are wrong by no fault of the engine's. */
  readonly bad = new WeakSet<Uint8Array>();
  /** Nobody answers. */
  isAway = false;
  /** What is there by right, while something else is mounted. */
  #stashed: Objects | undefined;
  /** What was mounted, and must stay as it is. */
  #mounted: Objects | undefined;
  /** By name of a backup or file: when something of it was there last. */
  readonly #seen = new Map<string, number>();
  readonly #returned = new Set<string>();
  readonly #time: SeedTime;

  constructor(
    { role, kind, prefix }: { readonly role: Role; readonly kind: Store['kind']; readonly prefix: string },
    time: SeedTime,
    watcher: Watcher,
  ) {
    this.role = role;
    this.kind = kind;
    this.prefix = prefix;
    this.#time = time;
    const now = (): Date => (kind === 'directory' ? time.clock.now() : new Date(time.true));
    const base = createMemoryStore(now, CALM_SLICE_BYTES);
    this.objects = base.objects;
    this.store = this.#watched(base, watcher);
  }

  #watched(base: MemoryStore, watcher: Watcher): MemoryStore {
    const answer = (): void => {
      if (this.isAway) throw new StoreError(`${this.role}: no answer`, { retryable: true });
    };
    return {
      ...base,
      kind: this.kind,
      description: `the ${this.role} bucket`,
      create: async (...args) => {
        answer();
        const writer = await base.create(...args);
        return {
          ...writer,
          close: async (head) => {
            answer();
            const id = idOf(args[0].slice(this.prefix.length));
            // Put back from the other bucket.
            if (this.#seen.has(id) && this.absentFor(id) > 0) this.#returned.add(id);
            return writer.close(head);
          },
        };
      },
      put: async (key, body, options) => {
        answer();
        watcher.onPut(this, key, body);
        if (options?.createOnly !== true && this.objects.has(key)) watcher.onOverwrite(this, key);
        return base.put(key, body, options);
      },
      get: async (key) => {
        answer();
        return base.get(key);
      },
      head: async (key) => {
        answer();
        return base.head(key);
      },
      list: async (...args) => {
        answer();
        return base.list(...args);
      },
      delete: async (keys) => {
        answer();
        this.note();
        watcher.onDelete(this, keys);
        return base.delete(keys);
      },
      sweep: async (...args) => {
        answer();
        return base.sweep(...args);
      },
      rot: (key, at) => {
        base.rot(key, at);
        const body = this.objects.get(key)?.body;
        if (body !== undefined) this.bad.add(body);
      },
    };
  }

  body(file: string): Uint8Array | undefined {
    return this.objects.get(this.prefix + file)?.body;
  }

  /** Also while something else is mounted here. */
  held(file: string): Uint8Array | undefined {
    return (this.#stashed ?? this.objects).get(this.prefix + file)?.body;
  }

  files(): string[] {
    return [...this.objects.keys()]
      .filter((key) => key.startsWith(this.prefix))
      .map((key) => key.slice(this.prefix.length));
  }

  /** Call it before time passes, and before anything goes. */
  note(): void {
    if (this.#stashed !== undefined) return;
    for (const key of this.objects.keys()) {
      const file = key.slice(this.prefix.length);
      this.#seen.set(idOf(file), this.#time.true);
    }
  }

  /** For how long nothing of it has been here, ms; of what never was here: for ever. */
  absentFor(id: string): number {
    this.note();
    return this.#time.true - (this.#seen.get(id) ?? Number.NEGATIVE_INFINITY);
  }

  /** It comes back as somebody has put it by. */
  comeBack(saved: Objects): void {
    this.note();
    const there = new Set([...this.objects.keys()].map((key) => idOf(key.slice(this.prefix.length))));
    this.replace(saved);
    for (const file of this.files()) if (!there.has(idOf(file))) this.#returned.add(idOf(file));
  }

  /** It was gone and came back, perhaps while nobody looked. */
  hasReturned(id: string): boolean {
    return this.#returned.has(id);
  }

  get isOther(): boolean {
    return this.#stashed !== undefined;
  }

  /** Another disk, or none, stands where this one was. */
  mount(objects: Objects): void {
    this.note();
    this.#stashed ??= new Map(this.objects);
    this.#mounted = new Map(objects);
    this.replace(objects);
  }

  /** @param isKept somebody took the other one for the right one */
  unmount(isKept: boolean): void {
    if (this.#stashed !== undefined && !isKept) this.replace(this.#stashed);
    this.#stashed = undefined;
    this.#mounted = undefined;
  }

  /** Whether somebody wrote into what was mounted by mistake, or deleted something there. */
  get isMountedTouched(): boolean {
    const mounted = this.#mounted;
    if (mounted === undefined) return false;
    return (
      mounted.size !== this.objects.size ||
      !this.objects.entries().every(([key, object]) => mounted.get(key) === object)
    );
  }

  replace(objects: Objects): void {
    const now = new Map(objects);
    this.objects.clear();
    for (const [key, object] of now) this.objects.set(key, object);
  }

  /** By no doing of the engine's. */
  harm(file: string, body: Uint8Array | undefined): void {
    const key = this.prefix + file;
    const before = this.objects.get(key);
    if (body === undefined) this.objects.delete(key);
    else {
      this.bad.add(body);
      this.objects.set(key, { body, modified: before?.modified ?? new Date(this.#time.true) });
    }
  }
}

const ids = new Map<string, string>();

/** A backup's name, or the file itself. */
export function idOf(file: string): string {
  const known = ids.get(file);
  if (known !== undefined) return known;
  const parsed = parseKey('', file);
  const isFile = parsed !== undefined && parsed.role !== 'pin' && parsed.role !== 'verdict';
  const id = isFile ? parsed.name : file;
  if (ids.size > 50_000) ids.clear();
  ids.set(file, id);
  return id;
}
