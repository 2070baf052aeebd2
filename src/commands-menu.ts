/** The menu of commands that Telegram itself shows beside the input line. */
import type { Api } from 'grammy';
import type { LanguageCode } from 'grammy/types';
import type { LocaleName } from './config.ts';
import { viewerCommands } from './handlers/start.ts';
import { textsFor } from './locales/index.ts';

/** Telegram knows no script tags: Uzbek Cyrillic readers get the menu of their app's language. */
const LANGUAGES = ['uz', 'ru', 'en'] as const satisfies readonly (LanguageCode & LocaleName)[];

/** Sets the menu for every language we speak and, for all others, the default one. */
export async function installCommands(api: Api, defaultLocale: LocaleName): Promise<void> {
  await api.setMyCommands(viewerCommands(textsFor(defaultLocale)));
  for (const language of LANGUAGES)
    await api.setMyCommands(viewerCommands(textsFor(language)), { language_code: language });
}
