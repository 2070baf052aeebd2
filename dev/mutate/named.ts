/**
 * Faults that once stayed green. Each must turn a test red; adapt the text to find when the code
 * moves.
 */

export interface NamedMutant {
  readonly fault: string;
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replacement: string;
  readonly tests: readonly string[];
}

const DIGESTS = ['test/backup/restore/digests.test.ts'];
const DURABILITY = ['test/backup/durability.test.ts'];
const SECRET = ['test/http/webhook-secret.test.ts'];
const VERDICTS = ['test/backup/verdicts.test.ts'];
const DRAFTS = ['test/db/drafts.test.ts'];
/**
 * Takes minutes on a busy machine; alone: `npm run mutate -- --named --only 'hostile Telegram'`.
 */
const HOUR = ['test/telegram/hour.test.ts'];

export const NAMED: readonly NamedMutant[] = [
  {
    fault: 'a verdict beside a backup is not read',
    file: 'src/backup/catalog/entry.ts',
    find: 'if (listed === undefined) return undefined;',
    replacement: 'return undefined;',
    tests: VERDICTS,
  },
  {
    fault: 'a key that does not fit is taken for damage',
    file: 'src/backup/verify/open-object.ts',
    find: 'inside?.isKeyless === true && problems.length === 0',
    replacement: 'problems.length < 0',
    tests: VERDICTS,
  },
  {
    fault: 'retention presumes a backup with a verdict to be good',
    file: 'src/backup/catalog/entry.ts',
    find: "isWhole && !has(group, 'verdict') ? 'verified'",
    replacement: "isWhole ? 'verified'",
    tests: VERDICTS,
  },
  {
    fault: 'retention leaves the verdict of a deleted backup behind',
    file: 'src/backup/catalog/prune.ts',
    find: "if (has(group, 'verdict')) {",
    replacement: 'if (group.name === "") {',
    tests: VERDICTS,
  },
  {
    fault: 'a dry run shows reasons of manifests that nobody read',
    file: 'src/backup/catalog/prune.ts',
    find: 'if (going.length === 0 && !isShown)',
    replacement: 'if (going.length === 0)',
    tests: VERDICTS,
  },
  {
    fault: 'restore ignores the table digests of the manifest',
    file: 'src/backup/verify/check-file.ts',
    find: 'else if (table.sha256 !== wanted.sha256)',
    replacement: "else if (wanted.name === '')",
    tests: DIGESTS,
  },
  {
    fault: 'restore ignores the schema digest of the manifest',
    file: 'src/backup/verify/check-file.ts',
    find: 'if (schemaSha256 !== expected.schema_sha256)',
    replacement: "if (expected.schema_sha256 === '')",
    tests: DIGESTS,
  },
  {
    fault: 'restore to a server compares the number of rows only',
    file: 'src/backup/restore/compare-staged.ts',
    find: 'want.sha256 !== sha256',
    replacement: 'want.rows !== rows',
    tests: DIGESTS,
  },
  {
    fault: 'the sweep does not ask for the manifest again',
    file: 'src/backup/catalog/sweep-debris.ts',
    find: 'if (!isBareManifest(group) && (await store.head(manifestKey(prefix, group.name))) !== undefined) continue;',
    replacement: '',
    tests: ['test/backup/prune.test.ts'],
  },
  {
    fault: 'retention does not ask for the pin again',
    file: 'src/backup/catalog/prune.ts',
    find: "if ((await store.head(pinKey(prefix, group.name))) !== undefined) return 'pinned';",
    replacement: '',
    tests: ['test/backup/prune.test.ts'],
  },
  {
    fault: 'a manifest of another name is accepted',
    file: 'src/backup/catalog/entry.ts',
    find: 'if (manifest.name !== name)',
    replacement: 'if (manifest.name === "")',
    tests: ['test/backup/list.test.ts'],
  },
  {
    fault: 'a bucket file is not synced',
    file: 'src/backup/store/directory-upload.ts',
    find: 'await file.sync();',
    replacement: '',
    tests: DURABILITY,
  },
  {
    fault: 'the directory of a bucket file is not synced',
    file: 'src/backup/store/directory-upload.ts',
    find: 'await syncDirectory(dirname(this.#final), this.#tools.fs.open);',
    replacement: '',
    tests: DURABILITY,
  },
  {
    fault: 'the directory is not synced after a restore renamed its file',
    file: 'src/backup/restore/swap-file.ts',
    find: 'await files.sync(dirname(path));',
    replacement: '',
    tests: DURABILITY,
  },
  {
    fault: 'another admin’s draft can be read',
    file: 'src/db/read-drafts.ts',
    find: ' WHERE d.id = ? AND d.user_id = ?`',
    replacement: ' WHERE d.id = ? AND ? > 0`',
    tests: DRAFTS,
  },
  {
    fault: 'another admin’s draft can be deleted',
    file: 'src/db/drafts.ts',
    find: "'DELETE FROM drafts WHERE id = ? AND user_id = ?'",
    replacement: "'DELETE FROM drafts WHERE id = ? AND ? > 0'",
    tests: DRAFTS,
  },
  {
    fault: 'an admin can be blocked by a forged button',
    file: 'src/handlers/admin/people.ts',
    find: 'if (person === undefined || isStaff(person, ctx))',
    replacement: 'if (person === undefined)',
    tests: ['test/admin/access.test.ts'],
  },
  {
    fault: 'a poison update is told more than once',
    file: 'src/db/admin-notices.ts',
    find: 'CASE WHEN sent_at <= ?5 OR sent_at > ?6 THEN',
    replacement: 'CASE WHEN ?5 <> ?6 THEN',
    tests: ['test/bot/bad-hours.test.ts'],
  },
  {
    fault: 'quotes are not escaped in HTML',
    file: 'src/text/html.ts',
    find: ".replaceAll('\"', '&quot;')",
    replacement: '',
    tests: ['test/handlers/pure.test.ts'],
  },
  {
    fault: 'the secret is compared by one byte of its hash',
    file: 'src/http/app.ts',
    find: '!timingSafeEqual(given, expected)',
    replacement: '!timingSafeEqual(given.subarray(0, 1), expected.subarray(0, 1))',
    tests: SECRET,
  },
  {
    fault: 'the secret is not compared in constant time',
    file: 'src/http/app.ts',
    find: '!timingSafeEqual(given, expected)',
    replacement: '!given.equals(expected)',
    tests: SECRET,
  },
  {
    fault: 'hostile Telegram: who it was not told to what was done never hears of it',
    file: 'src/bot/failed-turn.ts',
    find: 'if (isOwed && !isPrivate(update))',
    replacement: 'if (isOwed)',
    tests: HOUR,
  },
  {
    fault: 'hostile Telegram: an update that met a flood is not tried again after it',
    file: 'src/bot/failed-turn.ts',
    find: 'setAside(id, flood.untilMs, at)',
    replacement: 'setAside(id, null, at)',
    tests: HOUR,
  },
  {
    fault: 'hostile Telegram: a broadcast does not write down whom it was sent to',
    file: 'src/jobs/send-broadcasts.ts',
    find: '[recordSlice(place, cursor, counts), ...statements]',
    replacement: '[recordSlice(place, place.cursor, counts), ...statements]',
    tests: HOUR,
  },
  {
    fault: 'hostile Telegram: what was set aside is not handled again',
    file: 'src/jobs/replay-updates.ts',
    find: 'if (!isOver(await replayOne(db, update, now(), replay)))',
    replacement: 'if (update.chatId !== 0)',
    tests: HOUR,
  },
];
