/** Folds the names of anime written without that: older rows, imports, other tools. */
import { indexAnime, staleAnime } from '../db/search-index.ts';
import { searchText } from '../text/search-text.ts';
import type { Job } from './job.ts';

/** Anime in a batch: some hundred KB of text, well within a transaction's 5 s. */
const BATCH = 100;

export const indexSearchJob: Job = {
  name: 'index-search',
  async run({ db, now, deadline, requests }) {
    while (now() < deadline && requests.take(2)) {
      const [stale] = await db.read([staleAnime(BATCH)]);
      if (stale.length === 0) return;
      await db.write(stale.map((anime) => indexAnime(anime, searchText(anime))));
      if (stale.length < BATCH) return;
    }
  },
};
