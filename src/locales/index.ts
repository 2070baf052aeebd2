/** People's languages: one catalogue a locale, split by who reads it. Uzbek (Latin) is the source; the others have its shape. */
import type { LocaleName } from '../config.ts';
import { en as enFrame } from './frame/en.ts';
import { ru as ruFrame } from './frame/ru.ts';
import { uz as uzFrame } from './frame/uz.ts';
import { uzCyrl as uzCyrlFrame } from './frame/uz-cyrl.ts';
import { en as enViewer } from './viewer/en.ts';
import { ru as ruViewer } from './viewer/ru.ts';
import { uz as uzViewer } from './viewer/uz.ts';
import { uzCyrl as uzCyrlViewer } from './viewer/uz-cyrl.ts';

export interface Texts {
  readonly frame: typeof uzFrame;
  readonly viewer: typeof uzViewer;
}

const catalogues: Record<LocaleName, Texts> = {
  uz: { frame: uzFrame, viewer: uzViewer },
  'uz-Cyrl': { frame: uzCyrlFrame, viewer: uzCyrlViewer },
  ru: { frame: ruFrame, viewer: ruViewer },
  en: { frame: enFrame, viewer: enViewer },
};

export function textsFor(locale: LocaleName): Texts {
  return catalogues[locale];
}

/** Telegram's `language_code` (IETF tag) -> one of ours, or undefined for languages we do not speak. */
export function localeOf(languageCode: string | undefined): LocaleName | undefined {
  const tag = languageCode?.toLowerCase() ?? '';
  if (tag.startsWith('uz')) return tag.includes('cyrl') ? 'uz-Cyrl' : 'uz';
  if (tag.startsWith('ru')) return 'ru';
  if (tag.startsWith('en')) return 'en';
  return undefined;
}
