/** The names of all settings, and names that people mistake for them. Never looks at values. */

/** Harmless to offline mode: they say where and how it shows itself, and nothing of production. */
export const OFFLINE_NAMES = [
  'PORT',
  'HOST',
  'LOG_LEVEL',
  'LOG_FORMAT',
  'DEFAULT_LOCALE',
  'TIMEZONE',
] as const;

export const SETTING_NAMES: readonly string[] = [
  ...OFFLINE_NAMES,
  'BOT_TOKEN',
  'BOT_INFO',
  'WEBHOOK_SECRET',
  'ADMIN_IDS',
  'TELEGRAM_API_ROOT',
  'PUBLIC_URL',
  'DATABASE_URL',
  'DATABASE_AUTH_TOKEN',
  'S3_ENDPOINT',
  'S3_REGION',
  'S3_BUCKET',
  'S3_ACCESS_KEY_ID',
  'S3_SECRET_ACCESS_KEY',
  'S3_FORCE_PATH_STYLE',
  'BACKUP_DIR',
  'BACKUP_PREFIX',
  'COPY_S3_ENDPOINT',
  'COPY_S3_REGION',
  'COPY_S3_BUCKET',
  'COPY_S3_ACCESS_KEY_ID',
  'COPY_S3_SECRET_ACCESS_KEY',
  'COPY_S3_FORCE_PATH_STYLE',
  'COPY_DIR',
  'BACKUP_AGE_RECIPIENTS',
  'BACKUP_PASSPHRASE',
  'BACKUP_PASSPHRASE_OLD',
  'BACKUP_AGE_IDENTITY',
  'BACKUP_CRON',
  'BACKUP_RETENTION_DAYS',
  'BACKUP_KEEP_DAILY',
  'BACKUP_KEEP_WEEKLY',
  'BACKUP_KEEP_MONTHLY',
  'BACKUP_MAX_AGE_HOURS',
  'CHANGES',
  'CHANGES_SECONDS',
  'CHANGES_RETENTION_DAYS',
  'SUBREQUEST_LIMIT',
];

export interface NearMiss {
  readonly name: string;
  /** The setting that was probably meant; undefined when only its family is ours. */
  readonly meant: string | undefined;
}

/** Other programs' and older bots' names for our settings. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  TELEGRAM_TOKEN: 'BOT_TOKEN',
  TG_TOKEN: 'BOT_TOKEN',
  BOT_API_TOKEN: 'BOT_TOKEN',
  ADMINS: 'ADMIN_IDS',
};
const FAMILIES = /^(S3|BACKUP|COPY_S3)_/;
/** In a name of this length one slip is a slip; in `HOST` or `PORT` it makes another word. */
const SHORTEST = 7;
/** From here on even two slips make no other word. */
const LONG = 12;

export function nearMisses(names: readonly string[]): NearMiss[] {
  const given = new Set(names);
  return names.flatMap((name) => {
    if (SETTING_NAMES.includes(name)) return [];
    const plain = plainName(name);
    const meant = SETTING_NAMES.find((setting) => isMeant(plain, setting)) ?? otherName(plain);
    // The right name is there too, so this one probably belongs to another program.
    if (meant !== undefined && given.has(meant) && !isMeant(plain, meant)) return [];
    return meant !== undefined || FAMILIES.test(plain) ? [{ name, meant }] : [];
  });
}

/** For people; names only. */
export function tellNearMiss({ name, meant }: NearMiss): string {
  const shown = name.replaceAll(/[^\x20-\x7e]/g, '?');
  return meant === undefined
    ? `${shown}: no setting has this name; .env.example lists them all`
    : `${shown}: did you mean ${meant}?`;
}

/** Cyrillic letters that look like Latin ones: two-alphabet keyboards put them in names unseen. */
const LOOKALIKES = new Map([...'АВЕЗКМНОРСТУХІЅ'].map((letter, i) => [letter, 'ABE3KMHOPCTYXIS'[i] ?? '']));

function plainName(name: string): string {
  return [...name.toUpperCase()]
    .map((letter) => LOOKALIKES.get(letter) ?? letter)
    .join('')
    .replaceAll(/[-. ]/g, '_')
    .replaceAll(/[^A-Z0-9_]/g, '');
}

function otherName(plain: string): string | undefined {
  const own = plain.replace(/^(TELEGRAM|TG)_/, '');
  return OTHER_NAMES[plain] ?? (own !== plain && SETTING_NAMES.includes(own) ? own : undefined);
}

function isMeant(plain: string, setting: string): boolean {
  if (plain === setting) return true;
  if (setting.length < SHORTEST) return false;
  // Each slip changes the length by one at most. To count them took a fifth of a command's start.
  if (Math.abs(plain.length - setting.length) > 2) return false;
  const beginsAlike = setting.length > SHORTEST && plain.slice(0, 3) === setting.slice(0, 3);
  return slips(plain, setting) <= (setting.length >= LONG || beginsAlike ? 2 : 1);
}

/** Letters left out, added, wrong or swapped: the optimal string alignment distance. */
function slips(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(
        Math.min(
          (last[j] ?? 0) + 1,
          (row[j - 1] ?? 0) + 1,
          (last[j - 1] ?? 0) + (isSame ? 0 : 1),
          isSwapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    [before, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
