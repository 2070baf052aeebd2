/**
 * People's languages: one catalogue for each locale, split by readers. Uzbek (Latin) is the source;
 * the others have its shape.
 */
import { LOCALE_NAMES, type LocaleName } from '../settings/config.ts';
import type { Html } from '../text/html.ts';
import { type AdminTexts, adminTexts } from './admin/index.ts';
import { en as enFrame } from './frame/en.ts';
import { ru as ruFrame } from './frame/ru.ts';
import { uz as uzFrame } from './frame/uz.ts';
import { uzCyrl as uzCyrlFrame } from './frame/uz-cyrl.ts';
import { en as enTrouble } from './trouble/en.ts';
import { ru as ruTrouble } from './trouble/ru.ts';
import { saying, sayingOfBackups, sayingOfCopies, sayingOfMoments } from './trouble/say.ts';
import { uz as uzTrouble } from './trouble/uz.ts';
import { uzCyrl as uzCyrlTrouble } from './trouble/uz-cyrl.ts';
import { en as enViewer } from './viewer/en.ts';
import { ru as ruViewer } from './viewer/ru.ts';
import { uz as uzViewer } from './viewer/uz.ts';
import { uzCyrl as uzCyrlViewer } from './viewer/uz-cyrl.ts';

export interface Texts {
  readonly frame: typeof uzFrame;
  readonly viewer: typeof uzViewer;
  readonly admin: AdminTexts;
  /** Why Telegram refused, in the person's language; an unknown reason stays unchanged, as code. */
  readonly trouble: (said: string) => Html;
  /** Why the backup engine made no backup, likewise, followed by the engine's own words. */
  readonly backupTrouble: (said: string) => Html;
  readonly copyTrouble: (said: string) => Html;
  /** Why a moment cannot be brought back, likewise. */
  readonly momentTrouble: (said: string) => Html;
}

const catalogues: Record<LocaleName, Texts> = {
  uz: {
    frame: uzFrame,
    viewer: uzViewer,
    admin: adminTexts.uz,
    trouble: saying(uzTrouble),
    backupTrouble: sayingOfBackups(uzTrouble),
    copyTrouble: sayingOfCopies(uzTrouble),
    momentTrouble: sayingOfMoments(uzTrouble),
  },
  'uz-Cyrl': {
    frame: uzCyrlFrame,
    viewer: uzCyrlViewer,
    admin: adminTexts['uz-Cyrl'],
    trouble: saying(uzCyrlTrouble),
    backupTrouble: sayingOfBackups(uzCyrlTrouble),
    copyTrouble: sayingOfCopies(uzCyrlTrouble),
    momentTrouble: sayingOfMoments(uzCyrlTrouble),
  },
  ru: {
    frame: ruFrame,
    viewer: ruViewer,
    admin: adminTexts.ru,
    trouble: saying(ruTrouble),
    backupTrouble: sayingOfBackups(ruTrouble),
    copyTrouble: sayingOfCopies(ruTrouble),
    momentTrouble: sayingOfMoments(ruTrouble),
  },
  en: {
    frame: enFrame,
    viewer: enViewer,
    admin: adminTexts.en,
    trouble: saying(enTrouble),
    backupTrouble: sayingOfBackups(enTrouble),
    copyTrouble: sayingOfCopies(enTrouble),
    momentTrouble: sayingOfMoments(enTrouble),
  },
};

export function textsFor(locale: LocaleName): Texts {
  return catalogues[locale];
}

/** Texts in the language that a person chose (a column of the database), or else in the bot's. */
export function textsIn(language: string | null, fallback: LocaleName): Texts {
  return textsFor(LOCALE_NAMES.find((name) => name === language) ?? fallback);
}

/**
 * Telegram's `language_code` (IETF tag) -> one of ours, or undefined for languages we do not speak.
 */
export function localeOf(languageCode: string | undefined): LocaleName | undefined {
  const tag = languageCode?.toLowerCase() ?? '';
  if (tag.startsWith('uz')) return tag.includes('cyrl') ? 'uz-Cyrl' : 'uz';
  if (tag.startsWith('ru')) return 'ru';
  if (tag.startsWith('en')) return 'en';
  return undefined;
}
