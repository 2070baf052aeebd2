/** The anime with code 12 that measured viewers ask for. */
import type { StandIns } from '../sim/stand-ins.ts';
import { sql } from '../src/db/database.ts';
import { openRemoteDatabase } from '../src/db/remote-database.ts';

/** Its parts' video comes from a viewer whose /start migrates an empty database. */
export async function addSampleAnime({ telegram, sql: server, settings }: StandIns): Promise<void> {
  const uploader = telegram.person();
  await uploader.send('/start');
  const fileId = (await uploader.send({ video: {} })).file?.fileId ?? '';
  const db = openRemoteDatabase({
    url: server.url,
    authToken: settings['DATABASE_AUTH_TOKEN'],
    fetch,
  });
  await db.write([
    sql("INSERT INTO anime (code, title, description) VALUES (12, 'Naruto', ?)", 'Tavsif. '.repeat(60)),
    ...[1, 2, 3, 4].map((part) =>
      sql('INSERT INTO anime_parts (anime_code, part_number, file_id) VALUES (12, ?, ?)', part, fileId),
    ),
  ]);
  db.close();
}
