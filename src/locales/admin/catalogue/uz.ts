/** Texts of editing what is published. */
import { type Html, html } from '../../../text/html.ts';

interface Facts {
  readonly title: string;
  readonly code: number;
  readonly parts: number;
  readonly views: number;
  readonly genres: string;
  readonly year: string;
  readonly aliases: string;
  readonly isTrashed: boolean;
}

export const uz = {
  // Buttons.
  byCode: () => '🔢 Kod bo‘yicha ochish',
  title: () => '✏️ Nomi',
  description: () => '📝 Tavsif',
  photo: () => '🖼 Rasm',
  genres: () => '🏷 Janr',
  year: () => '📅 Yil',
  aliases: () => '🔎 Boshqa nomlari',
  code: () => '🔢 Kod',
  parts: (count: number) => `🎞 Qismlar (${count})`,
  addParts: () => '➕ Qism qo‘shish',
  look: () => '👁 Ko‘rish',
  delete: () => '🗑 O‘chirish',
  restore: () => '♻️ Tiklash',
  photoOff: () => '🚫 Rasmni olib tashlash',
  replace: () => '🔁 Videoni almashtirish',
  move: () => '↕️ Boshqa raqamga o‘tkazish',
  deletePart: () => '🗑 Qismni o‘chirish',
  deleteKeeping: () => '🗑 O‘chirilsin, raqamlar qolsin',
  deleteShifting: () => '🗑 O‘chirilsin, keyingilari surilsin',
  swap: (from: number, to: number) => `🔀 ${from} va ${to} almashsin`,
  insert: (from: number) => `⤵️ ${from} shu yerga, oradagilar surilsin`,
  yesTrash: () => '🗑 Ha, o‘chirilsin',
  listed: (code: number, title: string, parts: number) => `${code} · ${title} (${parts})`,
  trashed: (title: string, days: number) => `♻️ ${title} · ${days} kun`,
  // Screens.
  list: (): Html =>
    html`✏️ <b>Qaysi anime tahrirlanadi?</b>\nYangilari yuqorida. Kodini bilsangiz: <code>/edit 12</code>`,
  emptyList: (): Html => html`Hali birorta ham anime qo‘shilmagan.`,
  facts: (facts: Facts): Html =>
    html`${facts.isTrashed ? '🗑 Savatda: ' : '✏️ '}<b>${facts.title}</b>\n\n🔢 Kod: <code>${facts.code}</code>\n🎞 Qismlar: <b>${facts.parts}</b> ta\n👁 Ko‘rishlar: <b>${facts.views}</b>\n🏷 Janr: ${facts.genres}\n📅 Yil: ${facts.year}\n🔎 Boshqa nomlari: ${facts.aliases}`,
  saved: (): Html => html`✅ Saqlandi.`,
  notSaved: (): Html => html`❌ Saqlanmadi: bu anime topilmadi yoki savatda.`,
  notFound: (code: number, hasNear: boolean): Html =>
    html`<b>${code}</b> kodli anime topilmadi.${hasNear ? ' Yaqin kodlar quyida.' : ''}`,
  nothingFound: (wanted: string): Html =>
    html`«<b>${wanted}</b>» bo‘yicha hech narsa topilmadi. Anime kodi yoki nomi bilan yuboring, masalan: <code>/edit 1</code>`,
  codeWas: (old: number, code: number): Html =>
    html`<b>${old}</b> kodi o‘zgartirilgan: bu anime endi <b>${code}</b> kodida.`,
  gone: () => 'Bu anime topilmadi yoki savatda.',
  partGone: () => 'Bu qism endi yo‘q.',
  // Questions.
  askAnime: (): Html => html`🔢 Anime kodini yoki nomini yuboring.`,
  askTitle: (title: string): Html => html`✏️ <b>${title}</b>: yangi nomini yuboring.`,
  askDescription: (title: string): Html =>
    html`📝 <b>${title}</b>: yangi tavsifni yuboring (matn yoki izohli rasm).`,
  askPhoto: (title: string): Html => html`🖼 <b>${title}</b>: yangi rasmni yuboring.`,
  askGenres: (title: string): Html =>
    html`🏷 <b>${title}</b>: janrlarni yuboring (masalan: <i>sarguzasht, fantastika</i>). Olib tashlash uchun «<code>-</code>» belgisini yuboring.`,
  askYear: (title: string): Html =>
    html`📅 <b>${title}</b>: chiqqan yilini yuboring (masalan: <code>2007</code>). Olib tashlash uchun «<code>-</code>» belgisini yuboring.`,
  askAliases: (title: string): Html =>
    html`🔎 <b>${title}</b>: boshqa nomlarini yuboring, har qatorda bittadan. Anime shu nomlar bilan ham topiladi. Olib tashlash uchun «<code>-</code>» belgisini yuboring.`,
  askCode: (title: string, code: number): Html =>
    html`🔢 <b>${title}</b>: yangi kodni yuboring (hozirgisi: ${code}).\nEski kodli havolalar ishlamay qoladi, eski tugmalar esa ishlayveradi.`,
  askReplace: (title: string, number: number): Html =>
    html`🔁 <b>${title}</b>, ${number}-qism: yangi videoni yuboring.`,
  askNumber: (title: string, number: number): Html =>
    html`↕️ <b>${title}</b>, ${number}-qism: qaysi raqamga o‘tsin? Raqamni yuboring.`,
  wantsText: (): Html => html`Bu yerga matn yuboring.`,
  wantsPhoto: (): Html => html`Bu yerga rasm yuboring.`,
  wantsVideo: (): Html => html`Bu yerga video yoki mkv fayl yuboring.`,
  wantsCode: (): Html => html`Kod 1 dan 999999 gacha bo‘lgan son bo‘lishi kerak.`,
  wantsYear: (): Html => html`Yil to‘rt xonali son bo‘lishi kerak, masalan <code>2007</code>.`,
  wantsNumber: (): Html => html`Qism raqami 1 dan 100000 gacha bo‘lgan son bo‘lishi kerak.`,
  codeTaken: (code: number, title: string, isTrashed: boolean): Html =>
    html`❌ <b>${code}</b>-kod band: «${title}»${isTrashed ? ' (savatda; savatdan butunlay o‘chgach bo‘shaydi)' : ''}. Boshqa kod yuboring.`,
  codeChanged: (from: number, to: number): Html => html`✅ Kod o‘zgardi: ${from} → <b>${to}</b>.`,
  // Parts.
  partList: (title: string): Html => html`🎞 <b>${title}</b>\nQismni tanlang:`,
  part: (title: string, number: number): Html => html`🎞 <b>${title}</b>, <b>${number}-qism</b>`,
  partReplaced: (number: number): Html => html`✅ ${number}-qismning videosi almashtirildi.`,
  numberTaken: (to: number): Html => html`${to}-qism allaqachon bor. Nima qilamiz?`,
  partMoved: (number: number): Html => html`✅ Bu endi ${number}-qism.`,
  askDeletePart: (title: string, number: number, hasLater: boolean): Html =>
    html`🗑 <b>${title}</b>, ${number}-qism o‘chirilsinmi? Buni qaytarib bo‘lmaydi.${hasLater ? '\n\nKeyingi qismlarning raqami qanday bo‘lsin?' : ''}`,
  partDeleted: (number: number): Html => html`✅ ${number}-qism o‘chirildi.`,
  // Trash.
  askTrash: (title: string, days: number): Html =>
    html`🗑 <b>${title}</b> o‘chirilsinmi?\n\nTomoshabinlarga darhol ko‘rinmay qoladi va ${days} kun savatda turadi: shu vaqt ichida tiklash mumkin. Kodi ham shu paytgacha band bo‘lib turadi.`,
  trashedNow: (title: string, days: number): Html =>
    html`🗑 <b>${title}</b> savatga tashlandi. ${days} kun ichida tiklash mumkin.`,
  restored: (title: string): Html => html`♻️ <b>${title}</b> tiklandi.`,
  notTrashed: () => 'Bu anime savatda yo‘q.',
  yesPurge: () => '🗑 Ha, butunlay o‘chirilsin',
  askPurge: (title: string, code: number, parts: number): Html =>
    html`🗑 <b>${title}</b> (kod ${code}, ${parts} ta qism) butunlay o‘chirilsinmi? Buni qaytarib bo‘lmaydi. Kodi bo‘shaydi.`,
  purged: (title: string): Html => html`🗑 <b>${title}</b> butunlay o‘chirildi.`,
  purgedSoon: (title: string): Html =>
    html`🗑 <b>${title}</b>: ko‘rishlari juda ko‘p, bir soat ichida butunlay o‘chadi.`,
  trashList: (): Html => html`🗑 <b>Savat</b>\nTiklash uchun tanlang. Yonida necha kun qolgani yozilgan.`,
  emptyTrash: (): Html => html`🗑 Savat bo‘sh.`,
  none: () => '—',
};
