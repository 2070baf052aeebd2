/** Texts of the frame, which belong to no feature. */
import { type Html, html } from '../../text/html.ts';
import { type TimeUnit, timeSince } from '../../text/times.ts';

/** A table of people or of the catalogue that lost most of its rows, in two backups. */
export interface BackupShrunk {
  readonly table: 'users' | 'anime' | 'anime_parts';
  readonly before: number;
  readonly after: number;
  readonly name: string;
  readonly than: string;
}

const SHRUNK: Readonly<Record<BackupShrunk['table'], string>> = {
  users: 'Tomoshabinlar',
  anime: 'Animelar',
  anime_parts: 'Qismlar',
};

export const uz = {
  /** `18 daqiqa oldin`. */
  ago: (milliseconds: number): string => {
    const { count, unit } = timeSince(milliseconds);
    return `${count} ${AGO[unit]} oldin`;
  },
  staleButton: () => 'Bu tugma eskirgan. Anime kodini yuboring yoki /start bosing.',
  notUnderstood: (): Html =>
    html`Tushunmadim. Anime kodini (masalan, <code>1</code>) yuboring yoki /help bosing.`,
  /** To an admin; viewers know of codes, not of commands. */
  unknownCommand: (): Html => html`Bunday buyruq yo‘q. Admin buyruqlari: /commands`,
  /** The tick says it: the work is done, but Telegram did not take the answer. */
  answerLost: () =>
    'Telegram’dagi uzilish sababli javobimiz sizga yetib bormadi. So‘rovingiz qabul qilingan.',
  /** To admins, once for an update that cannot be handled. */
  updatesWait: (count: number): Html =>
    html`⏳ Telegram javob bermagani uchun <b>${count}</b> ta xabar javobsiz qoldi. Ular saqlandi: aloqa tiklanishi bilan bot o‘zi javob beradi.`,
  updatesFailed: (count: number, error: Html): Html =>
    html`⚠️ <b>${count}</b> ta xabarga javob berib bo‘lmadi.\nSababi: ${error}\nXabarlar yo‘qolmadi: /admin → «Javobsiz xabarlar».`,
  deaf: (reason: Html): Html =>
    html`🔇 <b>Bot xabarlarni olmayapti</b> yoki olmay qolgan edi.\nSababi: ${reason}\nBOT_TOKEN’dan boshqa dastur foydalanmasin; PUBLIC_URL to‘g‘riligini tekshiring. Worker bo‘lsa: <code>npm run deploy</code>.`,
  backupFailed: (reason: Html): Html =>
    html`🔴 <b>Zaxira nusxa olinmadi.</b>\nSababi: ${reason}\nBu urinish boshqa nusxalarga tegmadi. Tekshirish: /test, qayta urinish: /backup`,
  backupDamaged: (reason: Html): Html =>
    html`🔴 <b>Ma’lumotlar bazasi buzilgan.</b>\nSababi: ${reason}\nBu nusxa saqlab qo‘yildi, lekin tekshirilgan emas; undan oldingi yaxshi nusxalar o‘chirilmaydi. Nima qilish kerakligi docs/owners-guide.uz.md faylida yozilgan.`,
  backupAsks: (removing: number, of: number): Html =>
    html`⚠️ <b>Eski nusxalarni o‘chirish to‘xtatildi</b>, chunki yarmidan ko‘pi o‘chib ketardi (${of} tadan ${removing} tasi).\nRozi bo‘lsangiz, serverda <code>npm run backup -- prune</code> buyrug‘ini bering.`,
  backupProblem: (reason: Html): Html =>
    html`⚠️ <b>Zaxira nusxa olindi va tekshirildi</b>, lekin keyingi ishda muammo chiqdi: ${reason}`,
  backupShrunk: ({ name, than, table, before, after }: BackupShrunk): Html =>
    html`⚠️ <b>Yangi zaxira nusxada ma’lumot keskin kamaygan.</b>\n${SHRUNK[table]}: <code>${name}</code> nusxasida ${after} ta, undan oldingi <code>${than}</code> nusxasida ${before} ta.\nAtayin o‘chirilmagan bo‘lsa, botni to‘xtating va tiklang: <code>npm run backup -- restore ${than} --replace</code>`,
  /** To admins: the second copy of backups, elsewhere. */
  copyFailing: (left: number, reason: Html): Html =>
    html`⚠️ <b>Zaxira nusxalarning ikkinchi omborga ko‘chirilishi to‘xtab qoldi</b> (navbatda: ${left} ta).\nSababi: ${reason}\nBirinchi ombordagi nusxalar joyida. Bot o‘zi qayta urinadi.`,
  copyLate: (left: number, reason: Html): Html =>
    html`🔴 <b>Ikkinchi ombor bir kundan ko‘p vaqtdan beri orqada</b> (yetishmaydi: ${left} ta nusxa).\nSababi: ${reason}\nSozlamalarini tekshiring: docs/owners-guide.uz.md.`,
  copyWhole: (): Html => html`✅ Ikkinchi omborda yana barcha zaxira nusxalar bor.`,
  /** Behind a word that the second bucket has all, where others are encrypted. */
  plainStay: (): Html => html` Faqat shifrlanmaganlari birinchisida qoladi: ular kalitsiz ochiladi.`,
  storedAltered: (names: readonly string[], count: number): Html =>
    html`🚨 <b>Ombordagi fayl almashtirilgan.</b> Bot saqlagan narsa u yerda emas (${count} ta):\n<code>${names.join('\n')}</code>\nIkkinchi omborga ko‘chirilmadi. Birinchi omborning kaliti begona qo‘lga tushgan bo‘lishi mumkin: kalitni almashtiring, so‘ng yangi nusxa oling: /backup`,
  storedMended: (names: readonly string[], count: number): Html =>
    html`🩹 <b>Omborda buzilgan yoki yo‘qolgan fayl topildi</b> va boshqa ombordagi butun nusxasi bilan tiklandi (${count} ta):\n<code>${names.join('\n')}</code>\nHech narsa yo‘qolmadi. Disk yoki ombor ishonchliligini tekshiring.`,
  storedRotten: (names: readonly string[], count: number): Html =>
    html`🔴 <b>Omborda buzilgan fayl topildi</b>, butun nusxasi hech qayerda yo‘q (${count} ta):\n<code>${names.join('\n')}</code>\nBazaning o‘zi butun. Yangi nusxa oling: /backup`,
  drillFailed: (name: string, reason: Html): Html =>
    html`🔴 <b>Zaxira nusxani sinov uchun tiklab bo‘lmadi:</b> <code>${name}</code>\nSababi: ${reason}\nHozir yangi nusxa oling: /backup, so‘ng serverda <code>npm run backup -- drill</code> buyrug‘ini bering.`,
  drillSealed: (name: string, reason: string): Html =>
    html`🔑 <b>Zaxira nusxani sinov uchun ochib bo‘lmadi:</b> <code>${name}</code>\nKalit yoki parol mos emas, nusxaning o‘zi buzilgani ma’lum emas.\n<code>${reason}</code>`,
  nothingSaved: (reason: Html): Html =>
    html`🔴 <b>Bazaga yozib bo‘lmayapti.</b>\nSababi: ${reason}\nHech narsa saqlanmayapti, xabarlar Telegramda 24 soatgacha kutadi.`,
  savedAgain: (): Html => html`✅ Bazaga yana yozilyapti.`,
  changesWait: (minutes: number, count: number): Html =>
    html`⚠️ <b>O‘zgarishlar ${minutes} daqiqadan beri omborga yuborilmayapti</b> (${count} ta kutyapti).\nHech narsa yo‘qolmadi: ular bazada turibdi va keyin yuboriladi. Sababini bilish: /test`,
  changesCaughtUp: (): Html => html`✅ O‘zgarishlar yana omborga yuborilyapti.`,
  changesForked: (until: string, command: string): Html =>
    html`⚠️ <b>Omborda shu bazaning o‘zida yo‘q o‘zgarishlar bor</b> (${until} gacha): eski fayl yoki jurnal qaytarib qo‘yilgan yoki shu bazaning nusxasi bilan yana bir bot ishlayapti.\nBot bor narsasi bilan ishlayveradi, o‘sha o‘zgarishlar omborda turadi. Ular kerak bo‘lsa, botni to‘xtatib, buni bajaring: <code>${command}</code> (u avval hozirgi bazani saqlab qo‘yadi). Ikkinchi bot kerak bo‘lmasa, uni to‘xtating.`,
  changesLost: (): Html =>
    html`⚠️ <b>Ayrim o‘zgarishlarning yozuvi yo‘qolgan</b>: kimdir ularni bazadan yoki ombordan o‘chirgan.\nBazaning o‘zi butun. Bot yangi to‘liq nusxani imkon bo‘lishi bilan oladi (yoki: <code>npm run backup -- full</code>); undan oldingi ayrim daqiqalarni qaytarib bo‘lmaydi.`,
  databaseEmpty: (name: string): Html =>
    html`🔴 <b>Ma’lumotlar bazasi bo‘sh</b>, omborda esa shu botning zaxira nusxasi bor: <code>${name}</code>.\nBot ishlamayapti va hech narsa yozmayapti. <code>DATABASE_URL</code> sozlamasini tekshiring yoki bazani tiklang: <code>npm run backup -- restore --at 0m</code>`,
  databaseLost: (path: string, rescued: string | undefined): Html =>
    html`🔴 <b>Ma’lumotlar bazasi fayli yoki uning jurnali yo‘qoldi yoki almashtirildi:</b> <code>${path}</code>\nBot hech narsa yozmayapti.${rescued === undefined ? '' : html` Qutqarilgan nusxa: <code>${rescued}</code>.`}\nDiski chiqarib olingan bo‘lsa, avval diskni joyiga qo‘ying va botni qayta ishga tushiring. Bo‘lmasa botni to‘xtating: nima qilish kerakligi docs/owners-guide.uz.md faylida yozilgan.`,
};

const AGO: Readonly<Record<TimeUnit, string>> = {
  day: 'kun',
  hour: 'soat',
  minute: 'daqiqa',
  second: 'soniya',
};
