/** The table of `list`: a row for each backup, for people and machines. */
import type { Bucket } from '../../backup/catalog/bucket.ts';
import { type BackupEntry, isUnsealed } from '../../backup/catalog/entry.ts';
import { isAhead } from '../../backup/catalog/true-time.ts';
import { botName } from '../../backup/catalog/whose-bot.ts';
import { formatBytes, formatCount, formatDuration } from '../../text/format.ts';
import { type Column, formatTable } from '../table.ts';
import type { Colors } from '../terminal.ts';

/** Tables that get a column of their own. */
const COUNTED = ['anime', 'anime_parts', 'users', 'groups'];

const COLUMNS: readonly Column[] = [
  { title: 'NAME' },
  { title: 'AGE', align: 'right' },
  { title: 'SIZE', align: 'right' },
  ...COUNTED.map(
    (title, spare): Column => ({ title: title.replace('anime_', '').toUpperCase(), align: 'right', spare }),
  ),
  { title: 'WHY', spare: COUNTED.length },
  { title: 'STATE' },
];

/** An unfinished one may be under way. */
const STATE_COLORS: Readonly<Record<BackupEntry['state'], (colors: Colors) => Colors['red']>> = {
  verified: ({ green }) => green,
  unfinished: ({ yellow }) => yellow,
  damaged: ({ red }) => red,
  unreadable: ({ red }) => red,
};

interface Row {
  readonly entry: BackupEntry;
  /** Which of the two buckets has it; undefined: there is one. */
  readonly place: string | undefined;
}

interface Shown {
  readonly bucket: Bucket;
  readonly now: Date;
  readonly colors: Colors;
  readonly strangers: ReadonlySet<BackupEntry>;
  readonly columns: number | undefined;
}

/** The title first. */
export function tableOf(rows: readonly Row[], { columns, ...shown }: Shown): string[] {
  const hasPlaces = rows.some(({ place }) => place !== undefined);
  return formatTable(
    hasPlaces ? [...COLUMNS, { title: 'PLACE' }] : COLUMNS,
    rows.map(({ entry, place }) => [...cells(entry, shown), ...(place === undefined ? [] : [place])]),
    columns,
  );
}

function cells(entry: BackupEntry, { bucket, now, colors, strangers }: Omit<Shown, 'columns'>): string[] {
  const { manifest } = entry;
  const counts = COUNTED.map((name) => manifest?.tables.find((table) => table.name === name)?.rows);
  const state = [
    STATE_COLORS[entry.state](colors)(entry.state),
    ...(entry.encrypted ? ['encrypted'] : isUnsealed(bucket, entry) ? [colors.yellow('not encrypted')] : []),
    ...(entry.pinned ? [colors.cyan('pinned')] : []),
    ...(strangers.has(entry) && manifest?.bot
      ? [
          colors.yellow(
            manifest.bot.id === bucket.bot ? 'of another database' : `of @${botName(manifest.bot)}`,
          ),
        ]
      : []),
  ];
  return [
    entry.name,
    isAhead(entry.time, now) ? 'future' : formatDuration(now.getTime() - entry.time.getTime()),
    formatBytes(entry.bytes),
    ...counts.map((count) => (count === undefined ? '-' : formatCount(count))),
    manifest?.trigger ?? '-',
    state.join(', '),
  ];
}

/** Of a table's name, as a manifest has it: somebody may have written more into the bucket. */
const NAME_CHARACTERS = 256;

export function entryJson(entry: BackupEntry): Record<string, unknown> {
  const { manifest } = entry;
  return {
    name: entry.name,
    state: entry.state,
    problem: entry.problem ?? null,
    concerns: entry.concerns ?? null,
    time: entry.time.toISOString(),
    bytes: entry.bytes,
    // Those that `full` and `verify` count: not what SQLite and its search keep for themselves.
    rows: Object.fromEntries(
      (manifest?.tables ?? []).flatMap(({ name, kind, rows }) =>
        kind === 'table' ? [[name.slice(0, NAME_CHARACTERS), rows]] : [],
      ),
    ),
    trigger: manifest?.trigger ?? null,
    bot: manifest?.bot === undefined ? null : botName(manifest.bot),
    encrypted: entry.encrypted,
    pinned: entry.pinned,
    verified_at: manifest?.verified_at ?? null,
    files: entry.objects.map(({ key }) => key),
  };
}
