import fc from 'fast-check';
import { expect, test } from 'vitest';
import { feed, planFanOut } from '../../src/backup/model/fan-out.ts';
import type {
  DatabaseSchema,
  Row,
  ScanTarget,
  Snapshot,
  SnapshotSink,
  TableInfo,
} from '../../src/backup/model/model.ts';

function table(name: string): TableInfo {
  return {
    name,
    sql: null,
    kind: 'table',
    withoutRowid: false,
    strict: false,
    autoincrement: false,
    rowidAlias: null,
    columns: [],
  };
}

const TABLES = ['a', 'b', 'c', 'd', 'e'].map(table);
const TARGETS = TABLES.map((one): ScanTarget => ({ kind: 'table', table: one }));
const schema: DatabaseSchema = {
  objects: [],
  tables: TABLES,
  indexes: [],
  userVersion: 0,
  applicationId: 0,
  schemaVersion: 1,
};
const ROWS: readonly Row[] = [[1n], [2n], [3n]];

/** Notes what it is given, in order. */
function recorder(
  targets: readonly ScanTarget[],
  failAt?: string,
): SnapshotSink & { readonly seen: string[] } {
  const seen: string[] = [];
  let name = '';
  return {
    seen,
    targets: () => targets,
    begin: () => void seen.push('begin'),
    beginScan(target) {
      name = target.kind === 'table' ? target.table.name : target.kind;
      seen.push(`+${name}`);
    },
    async rows(batch) {
      if (failAt === name) throw new Error(`full at ${name}`);
      await Promise.resolve();
      seen.push(`${name}${batch.length}`);
    },
    endScan: () => void seen.push(`-${name}`),
    finish: async () => {},
  };
}

function snapshot(cut = Number.POSITIVE_INFINITY): Snapshot {
  return {
    schema,
    async *scans(targets) {
      for (const target of targets.slice(0, cut))
        yield {
          target,
          rows: (async function* () {
            yield ROWS.slice(0, 2);
            yield ROWS.slice(2);
          })(),
        };
    },
  };
}

const subsets = fc.shuffledSubarray(TARGETS);

test('every sink gets exactly its scans, whole and in order; each scan is read once', () =>
  fc.assert(
    fc.asyncProperty(subsets, fc.array(subsets, { maxLength: 3 }), async (first, rest) => {
      const ordered = recorder(first);
      const others = rest.map((targets) => recorder(targets));
      const steps = planFanOut({ ordered, others }, schema);
      expect(new Set(steps.map(({ target }) => target)).size).toBe(steps.length);
      let rows = 0;
      await feed(snapshot(), { ordered, others }, async (count) => {
        rows += count;
      });
      expect(rows).toBe(steps.length * ROWS.length);
      const expected = (target: ScanTarget): string[] => {
        const name = target.kind === 'table' ? target.table.name : '';
        return [`+${name}`, `${name}2`, `${name}1`, `-${name}`];
      };
      expect(ordered.seen).toEqual(['begin', ...first.flatMap(expected)]);
      for (const [i, other] of others.entries())
        expect(other.seen.toSorted()).toEqual(['begin', ...(rest[i] ?? []).flatMap(expected)].toSorted());
    }),
  ));

test('a sink that fails stops the feed, after the others took the batch', async () => {
  const ordered = recorder(TARGETS);
  const failing = recorder(TARGETS, 'b');
  await expect(feed(snapshot(), { ordered, others: [failing] }, async () => {})).rejects.toThrow('full at b');
  expect(ordered.seen.at(-1)).toBe('b2');
});

test('a snapshot that ends early is not whole', async () => {
  const ordered = recorder(TARGETS);
  await expect(feed(snapshot(4), { ordered, others: [] }, async () => {})).rejects.toThrow(
    'ended after 4 of 5 scans',
  );
});
