/** Stores what waits in the change log, as the bot does by itself. */
import { ensureTriggers } from '../backup/changes/ensure-triggers.ts';
import { peekAt, pending } from '../backup/changes/peek.ts';
import { ship } from '../backup/changes/ship.ts';
import type { ShipOutcome } from '../backup/changes/shipping.ts';
import type { Database } from '../db/database.ts';
import { holderText } from '../db/file/lock-text.ts';
import { composeShipping } from '../hosts/compose.ts';
import { openSnapshotSource } from '../hosts/node/node-parts.ts';
import { countOf } from '../text/format.ts';
import type { Invocation } from './command.ts';

/** An old bot's database, or one of an older version. */
export const NO_LOG =
  'the bot has not taken this database over yet, so no changes are recorded: start it once (npm start, or npm run deploy), which does that';

/** The files that were stored, and how it ended. */
export async function storeWaiting(
  { session, now, stoppable }: Invocation,
  db: Database,
): Promise<{ files: string[]; last: ShipOutcome }> {
  const { config, first, keys } = session;
  const source = openSnapshotSource(config.database);
  const holder = holderText('cli', now());
  const { store } = first;
  const isCopied = config.copy !== undefined;
  const shipping = composeShipping(config.backup, {
    ...{ db, source, store, holder, now, isCopied },
    ...(keys && { keys }),
  });
  if ((await peekAt(db)) === undefined) {
    await ensureTriggers(db, source);
    if ((await peekAt(db)) === undefined) throw new Error(NO_LOG);
  }
  const files: string[] = [];
  const last = await stoppable(async (signal) => {
    for (;;) {
      signal.throwIfAborted();
      const outcome = await ship(shipping);
      if (outcome.kind === 'shipped') files.push(outcome.file);
      if (outcome.kind !== 'shipped' || outcome.isEnd) return outcome;
    }
  });
  return { files, last };
}

/**
 * Before a restore to a moment: what waits may belong to it, and the rows that it would replace.
 * Whatever keeps it from being stored is told by the search for the moment.
 */
export async function storeFirst(invocation: Invocation): Promise<void> {
  const { session, terminal } = invocation;
  if (!session.config.changes.isOn || session.from === 'copy') return;
  try {
    const db = await session.live();
    const seen = await peekAt(db);
    if (seen === undefined || pending(seen) === 0) return;
    const { files } = await storeWaiting(invocation, db);
    if (files.length > 0)
      terminal.say(`stored first: ${countOf(pending(seen), 'change')} that waited in the database`);
  } catch {
    // The search goes on by what is stored.
  } finally {
    await session.close();
  }
}
