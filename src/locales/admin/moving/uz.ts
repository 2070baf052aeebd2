/** Texts about the move to another bot. */
import { type Html, html } from '../../../text/html.ts';

export interface MoveFacts {
  readonly linked: number;
  readonly left: number;
  readonly missing: number;
  /** Until all that has a copy is linked; null: not known, as the channel is closed to the bot. */
  readonly minutes: number | null;
}

export interface PostMoves {
  readonly edited: number;
  readonly posted: number;
  readonly failed: number;
  readonly left: number;
}

export const uz = {
  // Buttons.
  announce: () => '📣 E’lon matni',
  repost: (count: number) => `🔁 Qayta joylash (${count})`,
  repostNow: () => '🔁 Ha, qayta joylansin',
  // Screens.
  state: (from: string, facts: MoveFacts): Html =>
    html`🚚 <b>Ko‘chish</b>: baza @${from} botiniki edi.\nYangi botga o‘tgan fayllar: <b>${facts.linked}</b>${facts.left === 0 ? '' : `\n⏳ Qoldi: ${facts.left} ta${facts.minutes === null ? '' : `, taxminan ${duration(facts.minutes)}`}`}${facts.missing === 0 ? '' : `\n⚠️ Nusxasi yo‘q: ${facts.missing} ta`}\nArxivda nusxasi bor fayllar hoziroq ochiladi.`,
  progress: (facts: MoveFacts & { readonly closed: Html | null }): Html =>
    html`🚚 <b>Yangi botga ko‘chish</b>\n\nO‘tgan fayllar: <b>${facts.linked}</b> / ${facts.linked + facts.left}${facts.left === 0 ? '\n✅ Tugadi.' : facts.closed !== null ? html`\n⏸ Bot arxiv kanalida ishlay olmayapti: ${facts.closed}. Botni kanalda admin qiling, «Post joylash» va «Xabarlarni o‘chirish» huquqlarini bering.` : `\n⏳ Taxminan ${duration(facts.minutes ?? 0)} qoldi.`}${facts.missing === 0 ? '' : `\n⚠️ Nusxasi yo‘q fayllar: ${facts.missing} ta. Ro‘yxati: /archive`}`,
  linked: (title: string, code: number, part: number | null): Html =>
    html`✅ Bu «${title}» (${code}) ${part === null ? 'rasmi' : `${part}-qismi`} edi. Joyiga qo‘yildi.`,
  announceHint: (): Html =>
    html`Yangi bot eski tomoshabinlarga birinchi bo‘lib yoza olmaydi: Telegram bunga faqat botni o‘zi ochganlar uchun ruxsat beradi. Quyidagi matnni kanallaringizga joylang:`,
  announcement: (username: string, link: string): Html =>
    html`📢 Botimiz yangi manzilga ko‘chdi: @${username}\n\nKo‘rganlaringiz tarixi, sevimlilar va kuzatayotgan animelaringiz saqlanib qolgan. Havolani oching va «Start»ni bosing: ${link}`,
  askRepost: (count: number, from: string): Html =>
    html`🔁 <b>${count}</b> ta postdagi havola @${from} botiga olib boradi.\n\nKanallarda bot «Postlarni tahrirlash» huquqi bilan havolani almashtiradi. Guruhda boshqa botning xabarini tahrirlab bo‘lmaydi, u yerga karta qayta joylanadi. Davom etilsinmi?`,
  reposting: (moves: PostMoves): Html =>
    html`🔁 <b>Qayta joylash</b>\n\n✏️ Havolasi almashtirildi: ${moves.edited}\n📣 Qayta joylandi: ${moves.posted}\n❌ Bo‘lmadi: ${moves.failed}${moves.left === 0 ? '\n\n✅ Tugadi.' : `\n⏳ Qoldi: ${moves.left}`}`,
  nothingToRepost: (): Html => html`✅ Eski botga olib boradigan post yo‘q.`,
  // Notices.
  notice: (from: string, to: string): Html =>
    html`🚚 <b>Bot almashdi</b>: baza @${from} botiniki, token esa @${to} botniki. Katalog, foydalanuvchilar va tarix joyida.\n\n1. @${to} ni arxiv kanalida admin qiling («Post joylash» va «Xabarlarni o‘chirish»). Shundan so‘ng videolar darhol ochiladi.\n2. Uni guruhlarga, kanallarga va majburiy obuna kanallariga ham qo‘shing.\n3. /archive ni oching: qancha qolgani, e’lon matni va qayta joylash o‘sha yerda.`,
  done: (linked: number, missing: number): Html =>
    html`✅ <b>Ko‘chish tugadi</b>: ${linked} ta fayl yangi botga o‘tdi.${missing === 0 ? '' : `\n⚠️ ${missing} ta faylning arxivda nusxasi yo‘q. Ro‘yxati: /archive`}`,
};

function duration(minutes: number): string {
  return minutes < 60 ? `${minutes} daqiqa` : `${Math.floor(minutes / 60)} soat ${minutes % 60} daqiqa`;
}
