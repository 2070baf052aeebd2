/** A catalogue and people of any size for `bench/viewer.ts`; the same seed makes the same rows. */
import { createClient } from '@libsql/client/sqlite3';
import { type Database, fromClient, sql } from '../src/db/database.ts';
import { migrate } from '../src/db/migrate.ts';
import { indexAnime } from '../src/db/search-index.ts';
import { searchText } from '../src/text/search-text.ts';

export interface Sizes {
  readonly anime: number;
  readonly parts: number;
  readonly users: number;
  readonly history: number;
}

/** Mulberry32: small, even enough, and the same everywhere. */
export function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

/** Titles people look for, among made-up ones. */
const KNOWN = [
  'Naruto',
  'Naruto: Shippuden',
  'O‘lim daftari',
  'Shingeki no Kyojin',
  'Tokyo Ghoul',
  'One Piece',
];
const SYLLABLES =
  'ka ki ku ke ko sa shi su se so ta chi tsu te to na ni nu ne no ha hi fu he ho ma mi mu me mo ya yu yo ra ri ru re ro wa ga gi gu ge go za ji zu ze zo da de do ba bi bu be bo n'.split(
    ' ',
  );

/**
 * Opens a fresh file and fills it. Commits are not synced: what is measured is the work inside the database, and a disk's sync takes the
 * same time whatever the tables hold.
 */
export async function build(path: string, sizes: Sizes): Promise<Database> {
  const client = createClient({ url: `file:${path}`, intMode: 'bigint' });
  await client.execute('PRAGMA journal_mode = WAL');
  await client.execute('PRAGMA synchronous = OFF');
  const db = fromClient(client);
  await migrate(db, { now: () => new Date(), backup: async () => {} });
  await addCatalogue(db, sizes);
  await addPeople(db, sizes);
  await db.write([sql('ANALYZE')]);
  return db;
}

async function addCatalogue(db: Database, { anime, parts }: Sizes): Promise<void> {
  const pick = random(7);
  const word = (): string =>
    Array.from({ length: 2 + pick(3) }, () => SYLLABLES[pick(SYLLABLES.length)]).join('');
  const words = (count: number): string => Array.from({ length: count }, word).join(' ');
  for (let from = 1; from <= anime; from += 250) {
    const codes = Array.from({ length: Math.min(250, anime - from + 1) }, (_, i) => from + i);
    await db.write(
      codes.flatMap((code) => {
        const text = {
          title: KNOWN[code - 1] ?? words(1 + pick(4)),
          aliases: words(2),
          description: words(60),
        };
        return [
          sql(
            'INSERT INTO anime (code, title, aliases, description, views) VALUES (?, ?, ?, ?, ?)',
            code,
            text.title,
            text.aliases,
            text.description,
            pick(100_000),
          ),
          indexAnime({ code }, searchText(text)),
        ];
      }),
    );
  }
  const perAnime = Math.max(1, Math.floor(parts / anime));
  await db.write([
    sql(
      `${counting(perAnime)} INSERT INTO anime_parts (anime_code, part_number, file_id)
       SELECT a.code, n.i, 'BAACAgIAAxkBAAIB' || a.code || '_' || n.i FROM anime AS a, n`,
    ),
  ]);
}

const CHUNK = 200_000;

/** Rows of people, in chunks; the history's and the progress's indexes are built afterwards, as it goes much faster. */
async function addPeople(db: Database, { anime, users, history }: Sizes): Promise<void> {
  const perUser = Math.max(1, Math.floor(history / users));
  const kept = Math.min(perUser, 5);
  const dropped = [
    'user_history_by_user',
    'user_history_by_anime',
    'watch_progress_by_time',
    'favourites_by_time',
    'follows_by_user',
  ];
  const definitions = await db.read([
    {
      ...sql(
        `SELECT sql FROM sqlite_schema WHERE name IN (${dropped.map((name) => `'${name}'`).join(', ')})`,
      ),
      parse: (rows) => rows.map((row) => row.text('sql')),
    },
  ]);
  await db.write(dropped.map((name) => sql(`DROP INDEX ${name}`)));
  await db.write([
    sql("INSERT INTO mandatory_channels (channel_id, name, username) VALUES ('-1001', 'Kanal', 'kanal_uz')"),
  ]);
  // A spread-out anime for person u's k-th row; both are whole numbers.
  const spread = `1 + (u.user_id * 7919 + n.i * 104729) % ${anime}`;
  const when = `datetime('2026-01-01', '+' || ((u.user_id * 31 + n.i * 977) % 25000000) || ' seconds')`;
  for (let from = 1; from <= users; from += CHUNK) {
    const to = Math.min(users, from + CHUNK - 1);
    const people = `users AS u, n WHERE u.user_id BETWEEN ${from} AND ${to}`;
    await db.write([
      sql(
        `${counting(to - from + 1)} INSERT INTO users (user_id, username, first_name, created_at, last_seen)
         SELECT ${from} - 1 + n.i, 'u' || (${from} - 1 + n.i), 'Ism', '2026-01-01 00:00:00', '2026-11-01 00:00:00' FROM n`,
      ),
      sql(
        `${counting(perUser)} INSERT INTO user_history (user_id, anime_code, part_number, viewed_at)
         SELECT u.user_id, ${spread}, 1 + n.i % 10, ${when} FROM ${people}`,
      ),
      sql(
        `${counting(kept)} INSERT OR IGNORE INTO watch_progress (user_id, anime_id, part_number, viewed_at)
         SELECT u.user_id, ${spread}, 1 + n.i % 10, ${when} FROM ${people}`,
      ),
      sql(
        `${counting(2)} INSERT OR IGNORE INTO favourites (user_id, anime_id, added_at)
         SELECT u.user_id, ${spread}, ${when} FROM ${people}`,
      ),
      // Everybody follows anime 1, and one more.
      sql(
        `${counting(2)} INSERT OR IGNORE INTO follows (anime_id, user_id, since)
         SELECT CASE n.i WHEN 1 THEN 1 ELSE ${spread} END, u.user_id, ${when} FROM ${people}`,
      ),
      sql(
        `${counting(1)} INSERT INTO gate_answers (channel_id, user_id, state, fresh_until)
         SELECT 1, u.user_id, 'in', '2099-01-01 00:00:00' FROM ${people}`,
      ),
      sql(
        `${counting(1)} INSERT INTO handled_updates (update_id, handled_at) SELECT u.user_id, '2026-11-01 00:00:00' FROM ${people}`,
      ),
    ]);
  }
  for (const definition of definitions.flat()) await db.write([sql(definition)]);
}

function counting(to: number): string {
  return `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${to})`;
}
