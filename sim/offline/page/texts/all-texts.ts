/** Every text of the page. It fills in `{n}` and the like, and chooses the plural's form. */
import type { Catalogue } from './catalogue.ts';
import { en } from './en.ts';
import { ru } from './ru.ts';
import { uz } from './uz.ts';

/** Uzbek first: the page begins with it. The keys are what Telegram calls `language_code`. */
export const TEXTS: Readonly<Record<'uz' | 'ru' | 'en', Catalogue>> = { uz, ru, en };
/** As each language calls itself. */
export const LANGUAGES = { uz: 'O‘zbekcha', ru: 'Русский', en: 'English' } as const;
