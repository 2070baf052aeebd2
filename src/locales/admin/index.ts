/** Texts for admins, one room a subject. */
import type { LocaleName } from '../../config.ts';
import { uz as backup } from './backup/uz.ts';
import { uz as catalogue } from './catalogue/uz.ts';
import { uz as chats } from './chats/uz.ts';
import { uz as draft } from './draft/uz.ts';
import { uz as numbers } from './numbers/uz.ts';
import { uz as people } from './people/uz.ts';
import { uz as sending } from './sending/uz.ts';
import { uz as system } from './system/uz.ts';

const uz = { backup, draft, catalogue, chats, sending, numbers, people, system };
export type AdminTexts = typeof uz;

export const adminTexts: Record<LocaleName, AdminTexts> = { uz, 'uz-Cyrl': uz, ru: uz, en: uz };
