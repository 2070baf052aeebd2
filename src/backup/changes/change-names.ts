/**
 * Keys of change files (docs/formats.md, "Change file"). Names of one timeline sort in the order of
 * their changes.
 */

export interface ChangeKey {
  /** 32 hex digits. */
  readonly timeline: string;
  /** Numbers of the first and the last entry of the change log that the file covers. */
  readonly first: number;
  readonly last: number;
  /** The database's clock when the rows were read. */
  readonly time: Date;
  readonly encrypted: boolean;
  /** 8 hex digits by chance: no copy of a database takes another's file for its own. */
  readonly mark?: string | undefined;
}

/** Every number that a key can hold, 2^53 included. */
const DIGITS = 16;

/** All change files, or those of one timeline. */
export function changesPrefix(prefix: string, timeline?: string): string {
  return `${prefix}changes/${timeline === undefined ? '' : `${timeline}/`}`;
}

/** What the keys of all files begin with whose first entry has this number: one, or a fork. */
export function firstPrefix(prefix: string, timeline: string, first: number): string {
  return `${fromNumber(prefix, timeline, first)}-`;
}

/** Sorts before the keys of all files whose first entry has this number, or a later one. */
export function fromNumber(prefix: string, timeline: string, first: number): string {
  return `${changesPrefix(prefix, timeline)}${numeral(first)}`;
}

export function changeKey(prefix: string, key: ChangeKey): string {
  const { timeline, first, last, time, encrypted, mark } = key;
  const at = time.toISOString().replaceAll(/[-:.]/g, '');
  const end = mark === undefined ? at : `${at}_${mark}`;
  const name = `${firstPrefix(prefix, timeline, first)}${numeral(last)}_${end}.ndjson.gz`;
  return encrypted ? `${name}.age` : name;
}

const NAME =
  /^changes\/([0-9a-f]{32})\/(\d{16})-(\d{16})_(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z(?:_([0-9a-f]{8}))?\.ndjson\.gz(\.age)?$/;

/** What a key below the prefix says; undefined for a foreign object. */
export function parseChangeKey(prefix: string, key: string): ChangeKey | undefined {
  if (!key.startsWith(prefix)) return undefined;
  const parts = NAME.exec(key.slice(prefix.length));
  if (parts === null) return undefined;
  const [, timeline = '', first, last, year, month, day, hour, minute, second, ms, mark, age] = parts;
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
  if (Number.isNaN(time.getTime())) return undefined;
  const encrypted = age !== undefined;
  const found = { timeline, first: Number(first), last: Number(last), time, encrypted, mark };
  // The 31st of February is none, and a number beyond 2^53 is another when it is read.
  return found.first >= 1 && found.first <= found.last && changeKey(prefix, found) === key
    ? found
    : undefined;
}

function numeral(seq: number): string {
  return String(seq).padStart(DIGITS, '0');
}
