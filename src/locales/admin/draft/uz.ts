/** Texts of the add-anime wizard. */
import { type Html, html } from '../../../text/html.ts';

export const uz = {
  // Buttons.
  pause: () => '⏸ Keyinroq',
  resume: () => '▶️ Davom ettirish',
  drop: () => '🗑 Qoralamani o‘chirish',
  finish: (parts: number) => `✅ Tugatish (${parts})`,
  withoutParts: () => '⏭ Qismsiz davom etish',
  undoLast: () => '↩️ Oxirgisini olib tashlash',
  takeCode: (code: number) => `✅ ${code} — bo‘sh kod`,
  goOn: () => '▶️ Davom etish',
  publish: () => '✅ Tayyor, qo‘shilsin',
  changeTitle: () => '✏️ Nomi',
  changeDescription: () => '📝 Tavsif',
  changePhoto: () => '🖼 Rasm',
  changeParts: (parts: number) => `🎞 Qismlar: ${parts}`,
  changeCode: (code: number) => `🔢 Kod: ${code}`,
  changeGroups: (count: number) => `📣 Joylanadigan guruhlar: ${count}`,
  saveParts: (parts: number) => `✅ Saqlash (${parts})`,
  changeNumber: () => '🔢 Raqamini o‘zgartirish',
  yesDrop: () => '🗑 Ha, o‘chirilsin',
  no: () => '↩️ Yo‘q',
  drafts: () => '🗂 Qoralamalar',
  addAnother: () => '➕ Yana anime qo‘shish',
  edit: () => '✏️ Tahrirlash',
  // Screens.
  askDescription: (parts: number): Html =>
    html`➕ <b>Yangi anime</b>\n\n1️⃣ Anime tavsifini yuboring: matn yoki <b>izohli rasm</b>.\nBirinchi qator anime nomi bo‘ladi.${parts === 0 ? '' : `\n\n🎞 ${parts} ta qism qabul qilindi va saqlab turilibdi.`}`,
  askNewDescription: (): Html => html`📝 Yangi tavsifni yuboring: matn yoki izohli rasm.`,
  photoKept: (): Html => html`🖼 Rasm saqlandi. Endi tavsif matnini yuboring.`,
  askParts: (title: string): Html =>
    html`✅ Tavsif saqlandi: <b>${title}</b>\n\n2️⃣ Endi qismlarni yuboring (video yoki mkv fayl): bittalab yoki hammasini birdan. Qismlar xabarlar tartibida raqamlanadi.`,
  askMoreParts: (title: string, first: number): Html =>
    html`🎞 <b>${title}</b> uchun qismlarni yuboring (video yoki mkv fayl): bittalab yoki hammasini birdan.\n\nBirinchisi <b>${first}-qism</b> bo‘ladi.`,
  partsSoFar: (title: string, parts: number, repeated: number): Html =>
    html`🎞 <b>${title}</b>\n<b>${parts}</b> ta qism qabul qilindi.${repeated === 0 ? '' : `\n♻️ ${repeated} ta takroriy video keldi, har bir video bir marta saqlandi.`}\n\nYana yuboring yoki «Tugatish»ni bosing.`,
  morePartsSoFar: (title: string, first: number, last: number, repeated: number): Html =>
    html`🎞 <b>${title}</b>\n<b>${last - first + 1}</b> ta qism qabul qilindi: ${first === last ? `u ${first}-qism` : `ular ${first}–${last}-qismlar`} bo‘ladi.${repeated === 0 ? '' : `\n♻️ ${repeated} ta takroriy video keldi, har bir video bir marta saqlandi.`}\n\nYana yuboring yoki «Saqlash»ni bosing. Hozircha tomoshabinlarga ko‘rinmaydi.`,
  askCode: (): Html =>
    html`3️⃣ Anime <b>kodini</b> yuboring (1 dan 999999 gacha) yoki taklif qilingan bo‘sh kodni tanlang.`,
  badCode: (): Html => html`Kod 1 dan 999999 gacha bo‘lgan son bo‘lishi kerak.`,
  codeTaken: (code: number, title: string, isTrashed: boolean): Html =>
    html`❌ <b>${code}</b>-kod band: «${title}»${isTrashed ? ' (savatda; savatdan butunlay o‘chgach bo‘shaydi)' : ''}.\nBoshqa kod yuboring.`,
  askGroups: (): Html =>
    html`4️⃣ Anime qaysi guruh va kanallarga joylansin? Belgilang va «Davom etish»ni bosing.`,
  noGroups: (): Html =>
    html`4️⃣ Hali birorta ham guruh yoki kanal qo‘shilmagan. Hozircha joylamasdan davom etish mumkin, keyin ham joylasa bo‘ladi.`,
  askTitle: (): Html => html`✏️ Anime nomini yuboring.`,
  askPhoto: (): Html => html`🖼 Rasmni yuboring.`,
  textNotExpected: (): Html => html`Bu bosqichda matn kerak emas — hech narsa o‘zgarmadi.`,
  videoWanted: (): Html => html`Qism uchun video yoki mkv fayl kerak — hech narsa o‘zgarmadi.`,
  untitled: () => 'Nomsiz',
  moved: () => 'Bu tugma oldingi bosqichga tegishli. Hozirgi holat quyida.',
  gone: () => 'Bu qoralama endi yo‘q: u tugatilgan yoki o‘chirilgan.',
  partGone: () => 'Oxirgi qism olib tashlandi.',
  // Waiting, leaving, throwing away.
  paused: (title: string, parts: number): Html =>
    html`⏸ Qoralama saqlandi: <b>${title}</b>, ${parts} ta qism. Istalgan payt davom ettirishingiz mumkin.`,
  waiting: (title: string, parts: number): Html =>
    html`⏸ Bu qoralama kutib turibdi: <b>${title}</b>, ${parts} ta qism.`,
  cancelled: (): Html => html`Bekor qilindi. Hech narsa o‘zgarmadi.`,
  nothingToCancel: (): Html => html`Bekor qilinadigan ish yo‘q. Boshqaruv paneli: /admin`,
  list: (): Html => html`🗂 <b>Qoralamalar</b>\nDavom ettirish uchun tanlang.`,
  noDrafts: (): Html => html`🗂 Qoralamalar yo‘q.`,
  listed: (title: string, parts: number, isOpen: boolean) => `${isOpen ? '▶️' : '⏸'} ${title} · ${parts} qism`,
  askDrop: (title: string, parts: number): Html =>
    html`🗑 <b>${title}</b> qoralamasi (${parts} ta qism) o‘chirilsinmi? Videolar shu chatda qolaveradi.`,
  dropped: (): Html => html`🗑 Qoralama o‘chirildi.`,
  // The end.
  published: (title: string, code: number, parts: number): Html =>
    html`✅ <b>${title}</b> qo‘shildi.\n🔢 Kod: <code>${code}</code>\n🎞 Qismlar: <b>${parts}</b> ta`,
  partsPublished: (title: string, first: number, last: number): Html =>
    html`✅ <b>${title}</b>: ${first === last ? `${first}-qism` : `${first}–${last}-qismlar`} qo‘shildi.`,
  noPartsYet: () => 'Hali birorta ham qism kelmadi.',
  numberTaken: (number: number): Html =>
    html`❌ ${number}-qism allaqachon bor. Boshqa raqam yuboring. Videolaringiz saqlangan.`,
  askNumber: (): Html =>
    html`🔢 Birinchi videongiz nechanchi qism? Raqamini yuboring (masalan, <code>13</code>).`,
  badNumber: (): Html => html`Qism raqami 1 dan 100000 gacha bo‘lgan son bo‘lishi kerak.`,
  animeGone: (): Html => html`Bu anime topilmadi yoki savatda.`,
};
