/**
 * Directories of backups that are not the ones the bot knows: mount points whose disks are not
 * mounted, other disks, swapped ones; and those that are right although their mark is not there.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readGroups } from '../../src/backup/catalog/list.ts';
import { manifestKey } from '../../src/backup/catalog/names.ts';
import { NO_MEMORY } from '../../src/backup/copy/memory.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import { MARK } from '../../src/backup/store/known-place.ts';
import { type Store, StoreError } from '../../src/backup/store/types.ts';
import { keepCopyNote } from '../../src/db/bucket-notes.ts';
import { type Database, sql } from '../../src/db/database.ts';
import { hostAsks } from '../../src/hosts/node/known-places.ts';
import { openStore } from '../../src/hosts/node/node-parts.ts';
import { storeContract } from '../backup/store/contract.ts';
import { createWorld, type World } from '../support/backup-world.ts';

let world: World;
let disk: string;
beforeEach(async () => {
  world = await createWorld();
  disk = join(world.directory, 'disk');
});
afterEach(() => world.close());

const open = (
  path = disk,
  { role = 'first', db = world.db }: { role?: 'first' | 'copy'; db?: Database | 'none' } = {},
): Promise<Store> =>
  openStore(
    { kind: 'directory', path },
    { role, prefix: 'backups/', ask: hostAsks(() => (db === 'none' ? undefined : db)) },
  );
const text = (words: string) => new TextEncoder().encode(words);
const put = (store: Store, name = 'backups/a') => store.put(name, text(name));
const markIn = (path = disk): string => /^id (\w+)$/m.exec(readFileSync(join(path, MARK), 'utf8'))?.[1] ?? '';

async function backUp(store: Store): Promise<string> {
  const outcome = await runBackup(
    { ...world.context, store },
    { trigger: 'command', scheduledAt: world.clock.now() },
  );
  if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
  world.clock.advance(60_000);
  return outcome.name;
}

/** The disk is away: what stays is the directory that it was mounted on. */
function unmount(path = disk): void {
  renameSync(path, `${path}.away`);
  mkdirSync(path);
}

function mount(path = disk): void {
  rmSync(path, { recursive: true, force: true });
  renameSync(`${path}.away`, path);
}

const REFUSED = /is not the directory that the bot knows as BACKUP_DIR: its mark, .* is not there/;

/** Every kind of call; and nothing of it leaves a trace. */
async function mustRefuse(store: Store, said: RegExp = REFUSED, path = disk): Promise<void> {
  const before = existsSync(path) ? readdirSync(path) : undefined;
  const calls: (() => Promise<unknown>)[] = [
    () => store.list(''),
    () => store.get('backups/a'),
    () => store.head('backups/a'),
    () => put(store, 'backups/b'),
    () => store.create('backups/c', { headLength: 0 }),
    () => store.delete(['backups/a']),
    () => store.sweep('', new Date()),
  ];
  for (const call of calls) {
    const error = await call().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ isElsewhere: true, isFinal: true });
    expect(String(error)).toMatch(said);
  }
  expect(existsSync(path) ? readdirSync(path) : undefined).toEqual(before);
}

storeContract(
  'a directory that is known',
  async () => {
    const own = await createWorld();
    const store = await openStore(
      { kind: 'directory', path: join(own.directory, 'disk') },
      { role: 'first', prefix: '', ask: hostAsks(() => own.db) },
    );
    return { store, partBytes: 100_000, close: async () => own.close() };
  },
  { runs: 5 },
);

describe('a disk that is not mounted', () => {
  test('is refused to read and to write, by the same process and the next; mounted again it goes on', async () => {
    const store = await open();
    await put(store);
    expect((await store.list('')).map(({ key }) => key)).toEqual(['backups/a']);
    const mark = markIn();
    expect(mark).toMatch(/^[0-9a-f]{32}$/);
    unmount();
    await mustRefuse(store);
    await mustRefuse(await open());
    mount();
    await put(store, 'backups/b');
    await put(await open(), 'backups/c');
    expect(markIn()).toBe(mark);
  });

  test('with its mount point: no directory is made', async () => {
    await put(await open());
    renameSync(disk, `${disk}.away`);
    await mustRefuse(await open(), /as BACKUP_DIR: it is not there\. Mount its disk/);
  });

  test('and whose mount point holds backups of an earlier time', async () => {
    const shadow = await open(disk, { db: 'none' });
    await backUp(shadow);
    unmount();
    const store = await open();
    await backUp(store);
    rmSync(disk, { recursive: true });
    renameSync(`${disk}.away`, disk);
    await mustRefuse(await open());
  });

  test('is refused while the database does not answer, by whoever knew it before', async () => {
    let isAway = false;
    const store = await openStore(
      { kind: 'directory', path: disk },
      {
        role: 'first',
        prefix: 'backups/',
        ask: hostAsks(() => {
          if (isAway) throw new Error('database is locked');
          return world.db;
        }),
      },
    );
    await put(store);
    isAway = true;
    unmount();
    await mustRefuse(store);
  });

  test('in the hour of the upgrade: the database remembers what the second copy had', async () => {
    const memory = { ...NO_MEMORY, newest: '20260101_000000' };
    await world.db.write([keepCopyNote(JSON.stringify(memory))]);
    mkdirSync(disk);
    await mustRefuse(
      await open(disk, { role: 'copy' }),
      /as COPY_DIR: that one has backups, and here is none.*accept copy/,
    );
  });
});

describe('other directories', () => {
  test('two that were swapped', async () => {
    const other = join(world.directory, 'other');
    await put(await open());
    await put(await open(other, { role: 'copy' }));
    renameSync(disk, `${disk}.away`);
    renameSync(other, disk);
    renameSync(`${disk}.away`, other);
    const said = (name: string) => new RegExp(`as ${name}: it has the mark of another one`);
    await mustRefuse(await open(), said('BACKUP_DIR'));
    await mustRefuse(await open(other, { role: 'copy' }), said('COPY_DIR'), other);
  });

  test('a new one in the settings is a first use, whatever the old one was', async () => {
    const other = join(world.directory, 'other');
    const memory = { ...NO_MEMORY, newest: '20260101_000000' };
    await put(await open(disk, { role: 'copy' }));
    await world.db.write([keepCopyNote(JSON.stringify(memory))]);
    await put(await open(other, { role: 'copy' }));
    expect(markIn(other)).not.toBe(markIn());
    unmount();
    await mustRefuse(await open(disk, { role: 'copy' }), /COPY_DIR/);
  });
});

describe('right ones', () => {
  test('of an earlier version are taken over with the first object, and not by a reader', async () => {
    await backUp(await open(disk, { db: 'none' }));
    expect(existsSync(join(disk, MARK))).toBe(false);
    const store = await open();
    expect(await store.list('')).toHaveLength(3);
    expect(existsSync(join(disk, MARK))).toBe(false);
    await put(store);
    unmount();
    await mustRefuse(await open());
  });

  test('of an earlier version, for a second copy with backups', async () => {
    const name = await backUp(await open(disk, { db: 'none' }));
    await world.db.write([keepCopyNote(JSON.stringify({ ...NO_MEMORY, newest: name }))]);
    await put(await open(disk, { role: 'copy' }));
    expect(markIn()).not.toBe('');
  });

  test('whose mark alone was removed get it again: they hold the newest backup', async () => {
    const store = await open();
    const name = await backUp(store);
    const mark = markIn();
    rmSync(join(disk, MARK));
    expect(await readGroups({ store: await open(), prefix: 'backups/' })).toHaveLength(1);
    await put(await open());
    expect(markIn()).toBe(mark);
    rmSync(join(disk, MARK));
    rmSync(join(disk, manifestKey('backups/', name)));
    await mustRefuse(await open());
  });

  test('whose mark a power cut left empty get it again', async () => {
    await backUp(await open());
    const mark = markIn();
    writeFileSync(join(disk, MARK), '');
    await put(await open());
    expect(markIn()).toBe(mark);
  });

  test('copied to another disk with all that is in them', async () => {
    await put(await open());
    renameSync(disk, `${disk}.old`);
    cpSync(`${disk}.old`, disk, { recursive: true });
    await put(await open(), 'backups/b');
  });

  test('shared by two bots: one mark, whoever comes first', async () => {
    const second = await createWorld();
    try {
      await put(await open());
      const mark = markIn();
      await put(await open(disk, { db: second.db }), 'other/a');
      expect(markIn()).toBe(mark);
      unmount();
      await mustRefuse(await open(disk, { db: second.db }));
    } finally {
      second.close();
    }
  });

  test('without a database, or with one of an earlier version, whatever is there is read and written', async () => {
    await put(await open());
    unmount();
    const lost = await open(disk, { db: 'none' });
    expect(await lost.list('')).toEqual([]);
    await put(lost);
    mount();
    await world.db.write([sql('DROP TABLE bucket_notes')]);
    unmount();
    await put(await open());
    expect(readdirSync(disk)).toEqual(['backups']);
  });
});
