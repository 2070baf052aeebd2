/** Where `npm run setup` puts settings. A new one goes everywhere, if it does not stand here. */
import { SETTING_NAMES } from './setting-names.ts';

/** Of Node and of the CLI. What opens old backups is a secret that the bot never needs. */
const NOT_OF_WORKER = new Set([
  'HOST',
  'PORT',
  'LOG_FORMAT',
  'PUBLIC_URL',
  'BACKUP_DIR',
  'COPY_DIR',
  'CHANGES_SECONDS',
  'BACKUP_AGE_IDENTITY',
  'BACKUP_PASSPHRASE_OLD',
]);
/** Those of one start, which a platform or person gives anew; and the key, which lies apart. */
const NOT_OF_FILE = new Set(['HOST', 'PORT', 'LOG_FORMAT', 'LOG_LEVEL', 'BACKUP_AGE_IDENTITY']);

/** What the Worker is given. */
export const WORKER_NAMES: readonly string[] = SETTING_NAMES.filter((name) => !NOT_OF_WORKER.has(name));

/** What the environment has, and `.env` must hold for the next start. */
export const FILE_NAMES: readonly string[] = SETTING_NAMES.filter((name) => !NOT_OF_FILE.has(name));
