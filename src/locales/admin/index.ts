/** Texts for admins, one room a subject. */
import type { LocaleName } from '../../settings/config.ts';
import { en as archiveEn } from './archive/en.ts';
import { ru as archiveRu } from './archive/ru.ts';
import { uz as archiveUz } from './archive/uz.ts';
import { uzCyrl as archiveUzCyrl } from './archive/uz-cyrl.ts';
import { en as backupEn } from './backup/en.ts';
import { ru as backupRu } from './backup/ru.ts';
import { uz as backupUz } from './backup/uz.ts';
import { uzCyrl as backupUzCyrl } from './backup/uz-cyrl.ts';
import { en as catalogueEn } from './catalogue/en.ts';
import { ru as catalogueRu } from './catalogue/ru.ts';
import { uz as catalogueUz } from './catalogue/uz.ts';
import { uzCyrl as catalogueUzCyrl } from './catalogue/uz-cyrl.ts';
import { en as chatsEn } from './chats/en.ts';
import { ru as chatsRu } from './chats/ru.ts';
import { uz as chatsUz } from './chats/uz.ts';
import { uzCyrl as chatsUzCyrl } from './chats/uz-cyrl.ts';
import { en as draftEn } from './draft/en.ts';
import { ru as draftRu } from './draft/ru.ts';
import { uz as draftUz } from './draft/uz.ts';
import { uzCyrl as draftUzCyrl } from './draft/uz-cyrl.ts';
import { en as importsEn } from './imports/en.ts';
import { ru as importsRu } from './imports/ru.ts';
import { uz as importsUz } from './imports/uz.ts';
import { uzCyrl as importsUzCyrl } from './imports/uz-cyrl.ts';
import { en as momentEn } from './moment/en.ts';
import { ru as momentRu } from './moment/ru.ts';
import { uz as momentUz } from './moment/uz.ts';
import { uzCyrl as momentUzCyrl } from './moment/uz-cyrl.ts';
import { en as movingEn } from './moving/en.ts';
import { ru as movingRu } from './moving/ru.ts';
import { uz as movingUz } from './moving/uz.ts';
import { uzCyrl as movingUzCyrl } from './moving/uz-cyrl.ts';
import { en as numbersEn } from './numbers/en.ts';
import { ru as numbersRu } from './numbers/ru.ts';
import { uz as numbersUz } from './numbers/uz.ts';
import { uzCyrl as numbersUzCyrl } from './numbers/uz-cyrl.ts';
import { en as peopleEn } from './people/en.ts';
import { ru as peopleRu } from './people/ru.ts';
import { uz as peopleUz } from './people/uz.ts';
import { uzCyrl as peopleUzCyrl } from './people/uz-cyrl.ts';
import { en as sendingEn } from './sending/en.ts';
import { ru as sendingRu } from './sending/ru.ts';
import { uz as sendingUz } from './sending/uz.ts';
import { uzCyrl as sendingUzCyrl } from './sending/uz-cyrl.ts';
import { en as systemEn } from './system/en.ts';
import { ru as systemRu } from './system/ru.ts';
import { uz as systemUz } from './system/uz.ts';
import { uzCyrl as systemUzCyrl } from './system/uz-cyrl.ts';

const uz = {
  archive: archiveUz,
  backup: backupUz,
  catalogue: catalogueUz,
  chats: chatsUz,
  draft: draftUz,
  imports: importsUz,
  moment: momentUz,
  moving: movingUz,
  numbers: numbersUz,
  people: peopleUz,
  sending: sendingUz,
  system: systemUz,
};
export type AdminTexts = typeof uz;

export const adminTexts: Record<LocaleName, AdminTexts> = {
  uz,
  'uz-Cyrl': {
    archive: archiveUzCyrl,
    backup: backupUzCyrl,
    catalogue: catalogueUzCyrl,
    chats: chatsUzCyrl,
    draft: draftUzCyrl,
    imports: importsUzCyrl,
    moment: momentUzCyrl,
    moving: movingUzCyrl,
    numbers: numbersUzCyrl,
    people: peopleUzCyrl,
    sending: sendingUzCyrl,
    system: systemUzCyrl,
  },
  ru: {
    archive: archiveRu,
    backup: backupRu,
    catalogue: catalogueRu,
    chats: chatsRu,
    draft: draftRu,
    imports: importsRu,
    moment: momentRu,
    moving: movingRu,
    numbers: numbersRu,
    people: peopleRu,
    sending: sendingRu,
    system: systemRu,
  },
  en: {
    archive: archiveEn,
    backup: backupEn,
    catalogue: catalogueEn,
    chats: chatsEn,
    draft: draftEn,
    imports: importsEn,
    moment: momentEn,
    moving: movingEn,
    numbers: numbersEn,
    people: peopleEn,
    sending: sendingEn,
    system: systemEn,
  },
};
