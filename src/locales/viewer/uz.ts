/** Texts for viewers. */
import { type Html, html } from '../../html.ts';

export const uz = {
  greeting: (name: string): Html =>
    html`Assalomu alaykum, <b>${name}</b>!\n\nAnime ko‘rish uchun uning <b>kodini</b> yuboring, masalan: <code>12</code>`,
  help: (): Html =>
    html`<b>Qanday foydalaniladi</b>\n\n• Anime kodini yuboring — anime ochiladi.\n• «Animeni ko‘rish» tugmasini bosing — qismlar chiqadi.\n• Qismni bosing — video keladi.\n\n/start — boshidan boshlash\n/help — yordam`,
  untitled: (code: number): string => `Anime ${code}`,
  cardFacts: (code: number, parts: number): Html =>
    html`🔢 Kod: <code>${code}</code>\n🎞 Qismlar: <b>${parts}</b> ta`,
  noPartsYet: (): Html => html`Qismlar hali qo‘shilmagan.`,
  watch: () => '▶️ Animeni ko‘rish',
  unknownCode: (code: number): Html =>
    html`<b>${code}</b> kodli anime topilmadi. Kodni tekshirib, qayta yuboring.`,
  badCode: (): Html => html`Anime kodi 1 dan 999999 gacha bo‘lgan son. Kodni tekshirib, qayta yuboring.`,
  choosePart: (): Html => html`Qismni tanlang:`,
  part: (number: number): string => `${number}-qism`,
  pageOf: (page: number, pages: number): string => `${page} / ${pages}`,
  left: () => '⬅️ Chap',
  right: () => 'O‘ng ➡️',
  back: () => '🔙 Orqaga',
  allParts: () => '📋 Qismlar',
  gone: () => 'Bu anime endi mavjud emas.',
  partGone: (number: number): string => `${number}-qism endi mavjud emas. Qismlar ro‘yxatini oching.`,
};
