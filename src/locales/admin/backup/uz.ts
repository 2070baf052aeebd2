/** Texts of backups. */
import { type Html, html, join } from '../../../text/html.ts';
import { measures } from '../../measures.ts';
import { TABLES } from '../imports/uz.ts';

const { decimal, size } = measures(',', ['B', 'KB', 'MB', 'GB']);

export interface BackupFacts {
  readonly name: string;
  readonly takenAt: string;
  /** Of `takenAt`. */
  readonly zone: string;
  readonly bytes: number;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  readonly rows: readonly { readonly table: string; readonly rows: number }[];
  /** Seconds it took, if known. */
  readonly seconds: number | null;
  readonly trigger: string | null;
  readonly isVerified: boolean;
  readonly problem: Html | null;
  /** Why it counts for nothing, where it is not encrypted and the settings encrypt. */
  readonly plain: Html | null;
  readonly isEncrypted: boolean;
  readonly isPinned: boolean;
}

export interface ReachFacts {
  readonly since: string;
  /** Where it ends; null: it goes on. */
  readonly to: string | null;
  /** Why there is nothing before `since`, if known. */
  readonly before: Html | null;
  /** Changes that are in no file yet, and for how many minutes. */
  readonly pending: number;
  readonly minutes: number;
}

export const uz = {
  // Buttons.
  now: () => '💾 Hozir zaxira nusxa olish',
  links: () => '⬇️ Yuklab olish',
  check: () => '🔎 Tekshirish',
  sendHere: () => '📨 Shu yerga yuborish',
  listed: ({ takenAt, bytes, isVerified, plain, trigger }: BackupFacts) =>
    `${isVerified && plain === null ? '✅' : '⚠️'} ${takenAt} · ${size(bytes)}${BEFORE[trigger ?? ''] === undefined ? '' : ` · ${BEFORE[trigger ?? '']}`}`,
  // Screens.
  list: (total: number): Html =>
    html`💾 <b>Zaxira nusxalar</b>: ${total} ta\nBatafsil ko‘rish uchun tanlang.`,
  /** One line below the list. */
  copy: (state: 'whole' | 'behind' | 'late', left: number, hours: number | null): Html =>
    state === 'whole'
      ? html`\n📦 Ikkinchi ombor: hammasi joyida.`
      : html`\n${state === 'late' ? '🔴' : '⏳'} Ikkinchi ombor: ${left} ta nusxa yetishmaydi${hours === null ? '' : `, ${decimal(hours)} soatdan beri`}.`,
  /** One line of how far back one can go. */
  reach: ({ since, to, before, pending, minutes }: ReachFacts): Html =>
    html`${since} dan ${to === null ? 'beri' : html`${to} gacha`} istalgan daqiqaga qaytarish mumkin${before === null ? '' : html` (undan oldin uzilish bor: ${before})`}${to === null ? '' : '; keyingisi uchun avval to‘liq zaxira nusxa olinishi kerak'}${pending === 0 ? '' : `; oxirgi ${pending} ta o‘zgarish hali omborga yuborilmagan${minutes === 0 ? '' : ` (${minutes} daqiqadan beri)`}`}.`,
  reachOff: (): Html =>
    html`O‘zgarishlar yozilmayapti (<code>CHANGES=off</code>): endi faqat zaxira nusxa olingan paytlarga qaytarish mumkin.`,
  reachNone: (): Html =>
    html`Hozircha faqat zaxira nusxa olingan paytlarga qaytarish mumkin. Istalgan daqiqaga qaytarish navbatdagi zaxira nusxadan boshlanadi.`,
  empty: (): Html => html`💾 Hali birorta ham zaxira nusxa yo‘q.`,
  started: (): Html => html`💾 Zaxira nusxa olinmoqda…`,
  reading: (rows: number, percent: number | null): Html =>
    html`💾 Zaxira nusxa olinmoqda: ${rows} ta qator o‘qildi${percent === null ? '' : ` (${percent}%)`}…`,
  proving: (percent: number | null): Html =>
    html`🔎 Nusxa tekshirilmoqda${percent === null ? '' : `: ${percent}%`}…`,
  cleaning: (): Html => html`🧹 Eski nusxalar tartibga solinmoqda…`,
  done: (facts: BackupFacts): Html =>
    html`✅ <b>Zaxira nusxa tayyor va tekshirildi</b>\n\n${describe(facts)}`,
  facts: (facts: BackupFacts): Html =>
    html`💾 <b>Zaxira nusxa</b> <code>${facts.name}</code>\n${facts.isVerified ? html`✅ tekshirilgan${facts.plain === null ? '' : html`\n⚠️ ${facts.plain}`}` : html`⚠️ tekshirilgan emas${facts.problem === null ? '' : html`: ${facts.problem}`}`}\n\n${describe(facts)}`,
  failed: (reason: Html): Html =>
    html`❌ <b>Zaxira nusxa olinmadi.</b>\nSababi: ${reason}\nBu urinish boshqa nusxalarga tegmadi.`,
  duplicate: (): Html => html`ℹ️ Zaxira nusxa hozirgina olingan, yangisi shart emas.`,
  busy: (): Html =>
    html`⏳ Hozir boshqa zaxira nusxa olinmoqda. Sizning so‘rovingiz navbatda: u tugagach boshlanadi va natijasi shu yerga yoziladi.`,
  unseen: (reason: Html): Html =>
    html`⚠️ <b>Zaxira nusxalar omborini hozir ko‘rib bo‘lmadi.</b>\nSababi: ${reason}\nBirozdan keyin qayta urinib ko‘ring.`,
  gone: () => 'Bu zaxira nusxa omborda yo‘q.',
  linkList: (
    files: readonly { readonly name: string; readonly bytes: number; readonly url: string }[],
    isLocal: boolean,
  ): Html =>
    html`⬇️ <b>Yuklab olish havolalari</b> — 15 daqiqa ishlaydi, boshqalarga bermang.${isLocal ? '\n⚠️ Ular faqat bot ishlayotgan kompyuterda ochiladi, chunki PUBLIC_URL yozilmagan. Faylni bu yerda olish uchun «Shu yerga yuborish» tugmasini bosing.' : ''}\n\n${join(
      files.map(({ name, bytes, url }) => html`📄 <b>${name}</b> (${size(bytes)})\n${url}`),
      '\n\n',
    )}`,
  checking: (): Html => html`🔎 Nusxa ombordan o‘qilib, tekshirilmoqda…`,
  sound: (name: string, isOpened: boolean): Html =>
    html`✅ <code>${name}</code> tekshirildi: har bir bayt solishtirildi${isOpened ? ', ichidagi ma’lumotlar ham ochib ko‘rildi.' : '. (Shifrlangan, kaliti botda yo‘q, shuning uchun ichi ochilmadi.)'}`,
  unsound: (name: string, problems: readonly Html[]): Html =>
    html`❌ <code>${name}</code> buzilgan:\n${join(
      problems.slice(0, 10).map((problem) => html`• ${problem}`),
      '\n',
    )}`,
  tooLarge: () => 'Fayl Telegram uchun juda katta (50 MB dan ortiq). «Yuklab olish»dan foydalaning.',
  file: (name: string): Html => html`💾 ${name}`,
};

/** What a backup was made for: it is not the newest state once that is done. */
const BEFORE: Readonly<Record<string, string>> = {
  restore: 'tiklashdan oldin',
  import: 'importdan oldin',
  migration: 'yangilashdan oldin',
  deploy: 'yangilashdan oldin',
};

function describe(facts: BackupFacts): Html {
  const before = BEFORE[facts.trigger ?? ''];
  const files = facts.files.map(({ name, bytes }) => html`📄 ${name} — ${size(bytes)}`);
  const rows = facts.rows.map(({ table, rows: count }) => html`${TABLES[table] ?? table}: ${count}`);
  return html`🕓 ${facts.takenAt} (${facts.zone}; nomidagi vaqt UTC)\n📦 ${size(facts.bytes)}${facts.seconds === null ? '' : ` · ⏱ ${decimal(facts.seconds)} soniya`}${before === undefined ? '' : `\n↩️ ${before} olingan`}${facts.isEncrypted ? '\n🔐 shifrlangan' : ''}${facts.isPinned ? '\n📌 saqlab qo‘yilgan (o‘chirilmaydi)' : ''}\n${join(files, '\n')}\n\n${join(rows, ' · ')}`;
}
