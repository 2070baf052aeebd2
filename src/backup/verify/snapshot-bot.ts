/** The bot that the database belongs to, read from the snapshot itself. */

import type { ManifestBot } from '../catalog/whose-bot.ts';
import type { SnapshotSink } from '../model/model.ts';
import { rowLayout } from '../model/values.ts';

/** `bot` is known once the scan is over; undefined: the database remembers none. */
export function createBotSink(): SnapshotSink & { readonly bot: ManifestBot | undefined } {
  let bot: ManifestBot | undefined;
  let at: readonly (number | undefined)[] = [];
  return {
    get bot() {
      return bot;
    },
    targets(schema) {
      bot = undefined;
      const table = schema.tables.find(({ name }) => name === 'bot_identity');
      if (table === undefined) return [];
      const layout = rowLayout(table);
      at = ['bot_id', 'username', 'moved_from'].map(
        (wanted) => layout.at[layout.columns.findIndex(({ name }) => name === wanted)],
      );
      return at.includes(undefined) ? [] : [{ kind: 'table', table }];
    },
    begin() {},
    beginScan() {},
    rows(batch) {
      for (const row of batch) {
        const [id, username, before] = at.map((place) => row[place ?? -1]);
        if (typeof id !== 'bigint' || typeof username !== 'string' || username === '') continue;
        if (!Number.isSafeInteger(Number(id)) || id < 0n) continue;
        bot = { id: Number(id), username, ...(typeof before === 'string' && before !== '' && { before }) };
      }
    },
    endScan() {},
    async finish() {},
  };
}
