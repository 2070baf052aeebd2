/** Settings of a Node host whose data lies in one directory and whose Telegram is a stand-in. */
import { join } from 'node:path';
import type { Telegram } from '../../sim/telegram/telegram.ts';

export function hostSettings(telegram: Telegram, directory: string) {
  return {
    BOT_TOKEN: telegram.token,
    TELEGRAM_API_ROOT: telegram.apiRoot,
    DATABASE_URL: `file:${join(directory, 'bot.db')}`,
    BACKUP_DIR: join(directory, 'backups'),
    PORT: '0',
    LOG_FORMAT: 'json',
  };
}
