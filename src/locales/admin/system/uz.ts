/** Texts of the panel and of everything about the bot itself. */
import { type Html, html } from '../../../text/html.ts';

export const uz = {
  // Buttons.
  panel: () => '🏠 Boshqaruv paneli',
  workFailed: (command: string) =>
    html`❌ Bu ish bu serverda oxiriga yetmadi. Kompyuterda bajaring: <code>${command}</code>`,
  addAnime: () => '➕ Anime qo‘shish',
  catalogue: () => '✏️ Tahrirlash',
  drafts: (count: number) => `🗂 Qoralamalar${count === 0 ? '' : ` (${count})`}`,
  trash: () => '🗑 Savat',
  groups: () => '📣 Guruh, kanallar',
  channels: () => '🔒 Majburiy obuna',
  broadcast: () => '📨 Xabar tarqatish',
  stats: () => '📊 Statistika',
  people: () => '👥 Foydalanuvchilar',
  admins: () => '🛡 Adminlar',
  audit: () => '📜 Amallar tarixi',
  export: () => '📤 Eksport',
  selfTest: () => '🩺 Tekshiruv',
  backups: () => '💾 Zaxira nusxalar',
  back: () => '🔙 Orqaga',
  no: () => '↩️ Yo‘q',
  stop: () => '✖️ Bekor qilish',
  // Screens.
  panelText: (anime: number, users: number): Html =>
    html`🏠 <b>Boshqaruv paneli</b>\n\n🎬 Animelar: <b>${anime}</b>\n👥 Foydalanuvchilar: <b>${users}</b>\n\nAnimeni tahrirlash uchun kodini yozing, masalan: <code>/edit 1</code>\nBarcha buyruqlar: /commands`,
  commandsTitle: () => 'Admin buyruqlari',
  /** In the order of the list. */
  commandList: (): Readonly<Record<string, string>> => ({
    admin: 'boshqaruv paneli',
    add: 'anime qo‘shish',
    edit: 'animeni tahrirlash (masalan, /edit 1)',
    drafts: 'qoralamalar',
    cancel: 'boshlangan ishdan chiqish (hech narsa yo‘qolmaydi)',
    groups: 'guruh va kanallar',
    channels: 'majburiy obuna kanallari',
    broadcast: 'xabar tarqatish',
    stats: 'statistika',
    analytics: 'grafiklar',
    top: 'ko‘p ko‘rilganlar',
    users: 'foydalanuvchilar',
    admins: 'adminlar',
    audit: 'amallar tarixi',
    trash: 'savat',
    export: 'katalogni fayl qilib olish',
    backup: 'hozir zaxira nusxa olish',
    backups: 'zaxira nusxalar',
    archive: 'fayllar nusxasi saqlanadigan kanal',
    test: 'botni tekshirish',
  }),
  failures: (count: number) => `⚠️ Javobsiz xabarlar (${count})`,
  failuresRetry: () => '🔁 Qayta urinish',
  failuresDrop: () => '🗑 Ro‘yxatdan olib tashlash',
  failuresEmpty: () => html`✅ Javobsiz xabar yo‘q.`,
  failuresRetried: () => 'Bir daqiqa ichida qayta uriniladi.',
  failuresText: (lines: Html): Html =>
    html`⚠️ <b>Javobsiz xabarlar</b>\n\n${lines}\n\n⏳ belgilisiga bot o‘zi qayta urinadi.`,
  failureLine: (count: number, waits: boolean, error: Html, at: string): Html =>
    html`${waits ? '⏳' : '❌'} ${count} ta, oxirgisi ${at}: ${error}`,
  // Export.
  exported: (anime: number): Html =>
    html`📤 Katalog: <b>${anime}</b> ta anime, barcha qismlari bilan. Bu faylni keyin qayta import qilish mumkin.`,
  exportTooLarge: (): Html =>
    html`❌ Katalog Telegram uchun juda katta (50 MB dan ortiq). Kompyuterda oling: <code>npm run backup -- export</code>`,
  // Self-test.
  again: () => '🔄 Qayta tekshirish',
  finding: (state: 'fine' | 'poor' | 'broken', text: Html): Html =>
    html`${state === 'fine' ? '✅' : state === 'poor' ? '⚠️' : '❌'} ${text}`,
  selfTestResult: (lines: Html, troubles: number): Html =>
    html`🩺 <b>Tekshiruv</b>: ${troubles === 0 ? 'hammasi joyida' : `${troubles} ta muammo bor`}\n\n${lines}`,
  checkFailed: (name: string, error: Html): Html =>
    html`${CHECK_NAME[name] ?? name} tekshirib bo‘lmadi: ${error}`,
  databaseFine: (ms: number): Html => html`Baza: yozildi va qayta o‘qildi (${ms} ms).`,
  databaseLacks: (what: Html): Html =>
    html`Baza to‘liq emas: ${what}. Nima qilish kerakligi docs/owners-guide.uz.md faylida yozilgan.`,
  telegramFine: (username: string): Html => html`Telegram: javob beryapti, bot @${username}.`,
  otherBot: (username: string): Html =>
    html`Telegram: BOT_TOKEN boshqa botniki (@${username}). BOT_INFO va BOT_TOKEN sozlamalarini moslang.`,
  polling: (pending: number): Html => html`Xabarlar Telegramdan so‘rab olinmoqda, navbatda ${pending} ta.`,
  webhookFine: (pending: number): Html => html`Webhook ishlayapti, navbatda ${pending} ta.`,
  webhookMissing: (kinds: string): Html =>
    html`Webhook ayrim xabarlarni olmayapti: <code>${kinds}</code>. <code>npm run deploy</code> ni qayta bajaring.`,
  webhookError: (error: Html, past: string): Html =>
    html`Webhook: ${past} xato bo‘lgan: ${error}. Takrorlansa, server jurnaliga qarang.`,
  webhookSlow: (pending: number): Html =>
    html`Webhook: ${pending} ta xabar navbatda turibdi, bot ulgurmayapti.`,
  bucketFine: (count: number): Html => html`Zaxira ombori: ochiladi, ${count} ta nusxa bor.`,
  bucketKeepsDeleted: (count: number): Html =>
    html`Zaxira ombori: ochiladi, ${count} ta nusxa bor. U o‘chirilgan fayllarning eski versiyalarini saqlab qoladi: ular joy egallaydi va haqi to‘lanadi. Ombor sozlamalarida eski versiyalarni o‘chiradigan <code>lifecycle</code> qoidasini qo‘shing.`,
  backupFine: (past: string, isBeforeImport: boolean): Html =>
    html`Oxirgi tekshirilgan zaxira nusxa: <b>${past}</b>.${isBeforeImport ? ' U import oldidan olingan: import bajarilgan bo‘lsa, import qilinganlar unda yo‘q. Yangi nusxa oling: /backup' : ''}`,
  oldBackup: (past: string): Html =>
    html`Oxirgi tekshirilgan zaxira nusxa eskirgan: <b>${past}</b>. /backup bosing; takrorlansa, ombor sozlamalarini tekshiring.`,
  damagedBackup: (name: string, reason: Html): Html =>
    html`Oxirgi zaxira nusxa (<code>${name}</code>) buzilgan. Nima qilish kerakligi docs/owners-guide.uz.md faylida yozilgan.\nSababi: ${reason}`,
  unopenedBackup: (name: string, reason: Html): Html =>
    html`Oxirgi zaxira nusxani (<code>${name}</code>) sozlamalardagi kalit yoki parol ochmadi. Kalit to‘g‘riligini tekshiring, so‘ng /backup bosing.\nSababi: ${reason}`,
  damagedDatabase: (name: string, reason: Html): Html =>
    html`Bot bazasi buzilgan, oxirgi marta zaxira nusxa olinmadi (<code>${name}</code>). Nima qilish kerakligi docs/owners-guide.uz.md faylida yozilgan.\nSababi: ${reason}`,
  changesFine: (): Html => html`O‘zgarishlar omborga yuborilyapti: istalgan daqiqaga qaytarish mumkin.`,
  /** \`why\`: what has to come first; null where only the bucket or the log tells. */
  changesWait: (since: string, count: number, why: Html | null): Html =>
    html`O‘zgarishlar ${since} dan beri omborga yuborilmayapti (${count} ta kutyapti; ular bazada turibdi). ${why === null ? 'Ombor javob berayotganini tekshiring; aniq sababi server jurnalida.' : html`Avval to‘liq zaxira nusxa olinishi kerak (${why}): /backup bosing.`}`,
  missed: (until: string, command: string, accept: string): Html =>
    html`Omborda bazada yo‘q o‘zgarishlar bor (${until} gacha). Ularni qaytarish uchun botni to‘xtatib, buni bajaring: <code>${command}</code>\nUlar kerak bo‘lmasa: <code>${accept}</code>`,
  rescued: (command: string, accept: string): Html =>
    html`Baza yonida bot qutqargan nusxa turibdi, unda boshqa joyda yo‘q yozuvlar bo‘lishi mumkin. Uni ishlatish uchun botni to‘xtatib, buni bajaring: <code>${command}</code>\nU kerak bo‘lmasa: <code>${accept}</code>`,
  copyFine: (): Html => html`Ikkinchi ombor: barcha zaxira nusxalar u yerda ham bor.`,
  copyBehind: (left: number, reason: Html | null): Html =>
    html`Ikkinchi ombor: ${left} ta nusxa hali ko‘chirilmagan.${reason === null ? '' : html`\nSababi: ${reason}`}`,
  copyLate: (left: number, reason: Html | null): Html =>
    html`Ikkinchi ombor bir kundan ko‘p vaqtdan beri orqada (${left} ta nusxa yetishmaydi). Sozlamalarini tekshiring: docs/owners-guide.uz.md.${reason === null ? '' : html`\nSababi: ${reason}`}`,
  noBackup: (): Html => html`Hali tekshirilgan zaxira nusxa yo‘q. /backup bosing.`,
  scheduleFine: (): Html => html`Jadval bo‘yicha ishlar bajarilmoqda.`,
  scheduleBegins: (): Html =>
    html`Bot hozirgina ishga tushdi: jadval bo‘yicha ishlar bir-ikki daqiqada boshlanadi.`,
  scheduleSilent: (): Html =>
    html`Jadval bo‘yicha ishlar bajarilmayapti: xabar tarqatish va zaxira o‘zi ishlamaydi. Cloudflare’da jadval (cron) yoqilganini, serverda dastur ishlab turganini tekshiring.`,
  chatsFine: (): Html => html`Kanallar, guruhlar va xabarlar: muammo yo‘q.`,
  chatTrouble: (names: string): Html =>
    html`Bot bu yerlarda ishlay olmayapti: ${names}. /groups yoki /channels da «Tekshirib yangilash»ni bosing.`,
  unanswered: (count: number): Html =>
    html`${count} ta xabarga xato tufayli javob berilmagan (ular bazada saqlangan).`,
};

const CHECK_NAME: Readonly<Record<string, string>> = {
  database: 'Bazani',
  telegram: 'Telegramni',
  webhook: 'Webhookni',
  bucket: 'Zaxira omborini',
  backup: 'Oxirgi zaxira nusxani',
  changes: 'O‘zgarishlar yuborilishini',
  missed: 'Bazada yetishmayotgan yozuvlarni',
  copy: 'Ikkinchi omborni',
  schedule: 'Jadvalni',
  chats: 'Kanal va guruhlarni',
};
