import { html } from '../../html.ts';
import type { uz } from './uz.ts';

export const uzCyrl: typeof uz = {
  greeting: (name) =>
    html`Ассалому алайкум, <b>${name}</b>!\n\nАниме кўриш учун унинг <b>кодини</b> юборинг, масалан: <code>12</code>`,
  help: () =>
    html`<b>Қандай фойдаланилади</b>\n\n• Аниме кодини юборинг — аниме очилади.\n• «Анимени кўриш» тугмасини босинг — қисмлар чиқади.\n• Қисмни босинг — видео келади.\n\n/start — бошидан бошлаш\n/help — ёрдам`,
  untitled: (code) => `Аниме ${code}`,
  cardFacts: (code, parts) => html`🔢 Код: <code>${code}</code>\n🎞 Қисмлар: <b>${parts}</b> та`,
  noPartsYet: () => html`Қисмлар ҳали қўшилмаган.`,
  watch: () => '▶️ Анимени кўриш',
  unknownCode: (code) => html`<b>${code}</b> кодли аниме топилмади. Кодни текшириб, қайта юборинг.`,
  badCode: () => html`Аниме коди 1 дан 999999 гача бўлган сон. Кодни текшириб, қайта юборинг.`,
  choosePart: () => html`Қисмни танланг:`,
  part: (number) => `${number}-қисм`,
  pageOf: (page, pages) => `${page} / ${pages}`,
  left: () => '⬅️ Чап',
  right: () => 'Ўнг ➡️',
  back: () => '🔙 Орқага',
  allParts: () => '📋 Қисмлар',
  gone: () => 'Бу аниме энди мавжуд эмас.',
  partGone: (number) => `${number}-қисм энди мавжуд эмас. Қисмлар рўйхатини очинг.`,
};
