/**
 * Keys of a backup's objects (docs/spec/backup.md, "A backup"), made from the run's scheduled time
 * and read back. That second identifies a backup; see `run.ts` for a second that is taken.
 */

/** `20240101_120000`: UTC, to the second. Sorts by time. */
export type BackupName = string;

export type ObjectRole = 'database' | 'document' | 'manifest' | 'pin' | 'verdict';

export interface ParsedKey {
  readonly name: BackupName;
  readonly role: ObjectRole;
  readonly encrypted: boolean;
}

/** What the keys of all objects of backups begin with. */
export const STEM = 'anime_b';

const SUFFIXES: readonly (readonly [string, ObjectRole])[] = [
  ['.db.gz', 'database'],
  ['.json.gz', 'document'],
  ['.manifest.json', 'manifest'],
  ['.pin', 'pin'],
  ['.bad.json', 'verdict'],
];

export function backupName(scheduledAt: Date): BackupName {
  return scheduledAt.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '_');
}

/** The scheduled time in a name, or undefined when it is no name (the 31st of February is none). */
export function timeOfName(name: string): Date | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)$/.exec(name);
  if (parts === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number);
  const time = new Date(0);
  time.setUTCFullYear(year, month - 1, day);
  time.setUTCHours(hour, minute, second);
  const real = time.getUTCMonth() === month - 1 && time.getUTCDate() === day && time.getUTCHours() === hour;
  return real && minute < 60 && second < 60 ? time : undefined;
}

export function manifestKey(prefix: string, name: BackupName): string {
  return `${prefix}anime_backup_${name}.manifest.json`;
}

/** A pin is an object of its own beside the backup: nothing is ever overwritten. */
export function pinKey(prefix: string, name: BackupName): string {
  return `${prefix}anime_backup_${name}.pin`;
}

/** Says that a backup's stored files are damaged; also an object beside it. */
export function verdictKey(prefix: string, name: BackupName): string {
  return `${prefix}anime_backup_${name}.bad.json`;
}

/** Whether an object is of the backup itself, not a remark beside it. */
export function isOfBackup({ role }: Pick<ParsedKey, 'role'>): boolean {
  return role !== 'pin' && role !== 'verdict';
}

export function databaseKey(prefix: string, name: BackupName, encrypted: boolean): string {
  return `${prefix}anime_bot_${name}.db.gz${encrypted ? '.age' : ''}`;
}

export function documentKey(prefix: string, name: BackupName, encrypted: boolean): string {
  return `${prefix}anime_backup_${name}.json.gz${encrypted ? '.age' : ''}`;
}

/** What a key below the prefix is; undefined for a foreign object. */
export function parseKey(prefix: string, key: string): ParsedKey | undefined {
  if (!key.startsWith(prefix)) return undefined;
  const parts = /^(anime_bot|anime_backup)_(\d{8}_\d{6})(\.[a-z.]+?)(\.age)?$/.exec(key.slice(prefix.length));
  const [, stem, name = '', suffix, age] = parts ?? [];
  const role = SUFFIXES.find(([text]) => text === suffix)?.[1];
  if (role === undefined || timeOfName(name) === undefined) return undefined;
  const encrypted = age !== undefined;
  if ((role === 'database') !== (stem === 'anime_bot')) return undefined;
  if (encrypted && role !== 'database' && role !== 'document') return undefined;
  return { name, role, encrypted };
}

/**
 * The name in what a person types or pastes: `20240101_120000`, any file name or key of the backup;
 * undefined otherwise.
 */
export function nameFromText(text: string): BackupName | undefined {
  const name = /(?:^|[/_])(\d{8}_\d{6})(?:\.[a-z.]+)?$/.exec(text.trim())?.[1];
  return name !== undefined && timeOfName(name) !== undefined ? name : undefined;
}
