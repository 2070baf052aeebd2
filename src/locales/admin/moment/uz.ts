/** Texts of the database of a moment: what has changed since then, and its file. */
import { type Html, html, join } from '../../../text/html.ts';
import { TABLES } from '../imports/uz.ts';

/** Rows of a table, from the moment to now. */
export interface MomentChange {
  /** Undefined: of all tables that have no name here. */
  readonly table: string | undefined;
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
}

export const uz = {
  // Buttons.
  open: () => '🕰 Oldingi holatni ko‘rish',
  tenMinutes: () => '10 daqiqa oldin',
  oneHour: () => '1 soat oldin',
  yesterday: () => 'Kecha shu vaqtda',
  other: () => '🕰 Boshqa vaqt',
  near: (time: string) => `🕰 ${time} holati`,
  sendHere: () => '📨 Shu yerga yuborish',
  stop: () => '⛔️ To‘xtatish',
  // Screens.
  ask: (zone: string): Html =>
    html`🕰 <b>Bazaning qaysi paytdagi holati kerak?</b>\n\nTugmani bosing yoki vaqtni yozing: <code>14:31</code> yoki <code>2026-11-27 14:31</code> (${zone}).\n\nO‘sha paytdan beri nima o‘zgarganini ko‘rasiz, keyin o‘sha paytdagi baza faylini olishingiz mumkin. Bazaning o‘ziga tegilmaydi.`,
  noTime: (): Html => html`❗️ Vaqtni tushunib bo‘lmadi.`,
  ahead: (): Html => html`❗️ Bu vaqt hali kelmagan.`,
  elsewhere: (isSealed: boolean): Html =>
    html`🕰 Buni faqat kompyuterda bajarish mumkin: ${isSealed ? 'zaxira nusxalarning kaliti botda yo‘q' : 'bu serverda diskka fayl yozib bo‘lmaydi'}.\n\n15 daqiqa oldingi faylni olish:\n<code>npm run backup -- download --at 15m</code>\nNima o‘zgarganini ko‘rish uchun <code>download</code> o‘rniga <code>diff</code> yozing. Vaqtni ham yozish mumkin: <code>"2026-11-27 14:31"</code>`,
  busy: () => '⏳ Hozir shunday so‘rovlardan biri bajarilmoqda. U tugagach, qayta urinib ko‘ring.',
  finding: (): Html => html`🔎 Kerakli zaxira nusxa qidirilmoqda…`,
  fetching: (percent: number | null): Html =>
    html`⬇️ Zaxira nusxa va undan keyingi o‘zgarishlar o‘qilmoqda${percent === null ? '' : `: ${percent}%`}…`,
  comparing: (): Html => html`⚖️ Hozirgi baza bilan solishtirilmoqda…`,
  packing: (): Html => html`📦 Fayl tayyorlanmoqda…`,
  stopped: (): Html => html`↩️ To‘xtatildi. Bazaning o‘ziga tegilmadi.`,
  notRunning: (): Html => html`Bu so‘rov tugagan yoki to‘xtab qolgan. Qaytadan boshlash: /backups`,
  found: (
    time: string,
    zone: string,
    changes: readonly MomentChange[],
    notes: readonly string[],
    command: string,
  ): Html =>
    html`🕰 <b>${time} holati</b> (${zone})\n\n${changes.length === 0 ? 'O‘sha paytdan beri bazada hech narsa o‘zgarmagan.' : html`O‘sha paytdan beri bazada:\n${join(changes.map(line), '\n')}\n\nOrqaga qaytarilsa, shu o‘zgarishlar bekor bo‘ladi.`}${join(
      notes.map((note) => html`\n⚠️ <code>${note}</code>`),
      '',
    )}\n\nBazaning o‘ziga tegilmadi. Uni shu holatga qaytarish uchun avval botni to‘xtating, keyin kompyuterda bajaring:\n<code>${command}</code>`,
  early: (earliest: string | null): Html =>
    earliest === null
      ? html`❌ Hali birorta ham zaxira nusxa yo‘q. Olish: /backup`
      : html`❌ <b>O‘sha paytdan oldin olingan zaxira nusxa yo‘q.</b>\nEng erta vaqt: ${earliest}`,
  gap: (time: string, reason: Html, last: string | null): Html =>
    html`❌ <b>${time} holatini qaytarib bo‘lmaydi:</b> ${reason}.${last === null ? '' : html`\nUndan oldingi eng yaqin vaqt: ${last}`}`,
  failed: (reason: Html, command: string): Html =>
    html`❌ <b>Bajarib bo‘lmadi.</b>\nSababi: ${reason}\nBazaning o‘ziga tegilmadi. Kompyuterda bajarish:\n<code>${command}</code>`,
  tooLarge: (command: string): Html =>
    html`❌ Fayl Telegram uchun juda katta (50 MB dan ortiq). Kompyuterda bajaring:\n<code>${command}</code>`,
  file: (time: string): Html => html`🕰 Bazaning ${time} holati`,
  sent: (time: string): Html => html`✅ Bazaning ${time} holati yuborildi.`,
};

function line({ table, added, removed, changed }: MomentChange): Html {
  const counts = [
    ...(added === 0 ? [] : [`${added} ta qo‘shilgan`]),
    ...(removed === 0 ? [] : [`${removed} ta o‘chirilgan`]),
    ...(changed === 0 ? [] : [`${changed} ta o‘zgargan`]),
  ];
  return html`• ${table === undefined ? 'Boshqa yozuvlar' : (TABLES[table] ?? table)}: ${counts.join(', ')}`;
}
