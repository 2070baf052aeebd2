import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { type ManifestChanges, manifestChangesSchema } from '../../../src/backup/catalog/change-position.ts';
import {
  type ChangeState,
  changeState,
  manifestChangesOf,
} from '../../../src/backup/catalog/change-state.ts';
import { sql } from '../../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../../src/db/file/embedded-database.ts';
import { changes } from '../../../src/db/migrations/0009-changes.ts';

const TIMELINE = '0123456789abcdef0123456789abcdef';
const STATE: ChangeState = {
  timeline: TIMELINE,
  parent: { timeline: TIMELINE.replace('0', 'f'), seq: 4 },
  reason: 'restore',
  since: '2026-11-27T14:32:05.006Z',
  shippedSeq: 7,
  previous: {
    file: `changes/${TIMELINE}/${'1'.padStart(16, '0')}-${'7'.padStart(16, '0')}_x`,
    sha256: 'ab'.repeat(32),
  },
  attempts: ['b', 'a'],
  waitingSince: '2026-11-27T14:33:05.006Z',
  schemaCookie: 12,
  schemaSha256: 'cd'.repeat(32),
  needsBase: null,
  told: 'lag',
};

async function readBack(values: readonly (string | number | null)[]): Promise<ChangeState | undefined> {
  const db = await openEmbeddedDatabase(join(mkdtempSync(join(tmpdir(), 'state-')), 'bot.db'));
  await db.write([
    ...changes.up(new Map()).map((text) => sql(text)),
    sql(`INSERT INTO change_state VALUES (1, ${values.map(() => '?').join(', ')})`, ...values),
  ]);
  const [state] = await db.read([changeState]);
  await db.closeWhole();
  return state;
}

const written = [
  STATE.timeline,
  JSON.stringify(STATE.parent),
  STATE.reason,
  STATE.since,
  STATE.shippedSeq,
  JSON.stringify(STATE.previous),
  STATE.attempts.join(' '),
  STATE.waitingSince,
  STATE.schemaCookie,
  STATE.schemaSha256,
  STATE.needsBase,
  STATE.told,
];

test('the state is read as it was written', async () => {
  expect(await readBack(written)).toEqual(STATE);
});

test("what somebody's SQL wrote there reads as unknown", async () => {
  const spoilt = written.with(1, 'x').with(2, 'magic');
  expect(await readBack(spoilt)).toEqual({ ...STATE, parent: null, reason: 'replaced' });
  // No file could go on from that: the row is none (test/jobs/spoilt-state.test.ts).
  expect(await readBack(written.with(5, '{"file":1}'))).toBeUndefined();
});

test('a manifest tells the position of its snapshot: what is waiting in the log is in it too', () => {
  const told: ManifestChanges = manifestChangesOf(STATE, 9);
  expect(v.parse(manifestChangesSchema, told)).toEqual(told);
  expect(told).toMatchObject({
    timeline: TIMELINE,
    seq: 9,
    reason: 'restore',
    schema_sha256: STATE.schemaSha256,
  });
  expect(manifestChangesOf(STATE, 0).seq).toBe(7);
});
