/** Texts about the archive: the channel with a copy of every file. */
import { type Html, html, join } from '../../../text/html.ts';

export interface ArchiveFacts {
  readonly name: string;
  readonly problem: Html | null;
  readonly files: number;
  readonly archived: number;
  readonly refused: number;
  /** What the bot is still to copy. */
  readonly left: number;
  /** Until all of `left` are copied; null while the channel is closed to the bot. */
  readonly minutes: number | null;
}

export interface MissingFile {
  readonly title: string;
  readonly code: number;
  /** Null: the picture. */
  readonly part: number | null;
  /** The bot would not know it, or not get it. */
  readonly byHand: boolean;
}

export const uz = {
  // Buttons.
  open: () => '🗄 Arxiv',
  add: () => '➕ Arxiv kanalini qo‘shish',
  replace: () => '🔁 Kanalni almashtirish',
  remove: () => '🗑 Arxivdan voz kechish',
  yesRemove: () => '🗑 Ha, voz kechilsin',
  yesPublic: () => '⚠️ Ha, shu kanal bo‘lsin',
  refresh: () => '🔄 Tekshirib yangilash',
  missing: (count: number) => `📋 Nusxasi yo‘q fayllar (${count})`,
  // Screens.
  none: (): Html =>
    html`🗄 <b>Arxiv</b>\n\nArxiv kanali hali yo‘q. Telegram botni bloklasa, videolarni boshqa bot yubora olmaydi: har bir botning fayllari faqat o‘ziniki.\n\nArxiv — siz ochgan yopiq kanal. Bot har bir qism va rasmning nusxasini o‘sha yerga qo‘yib boradi, keyin yangi bot ularni o‘sha yerdan oladi.`,
  ask: (): Html =>
    html`🗄 <b>Arxiv kanali</b>:\n\n1. Yangi <b>yopiq kanal</b> oching.\n2. Botni u yerda <b>admin</b> qiling, «Post joylash» va «Xabarlarni o‘chirish» huquqlarini bering.\n3. Bu yerga kanaldan istalgan postni uzating yoki shulardan birini yuboring: <code>@nomi</code>, <code>t.me/nomi</code> havolasi, ID raqami.`,
  chosen: (name: string): Html =>
    html`✅ Arxiv kanali: «${name}». Fayllar bir daqiqa ichida nusxalana boshlaydi.`,
  askPublic: (name: string): Html =>
    html`⚠️ «${name}» — ochiq kanal: uni istagan kishi topadi va ichidagi hamma qism va rasmlarni ko‘radi. Shikoyat tushsa, Telegram uni yopishi mumkin, nusxalar ham yo‘qoladi.\n\nArxivga <b>yopiq kanal</b> kerak: o‘shanisini yuboring. Shu kanal arxiv bo‘laversinmi?`,
  askRemove: (name: string): Html =>
    html`🗑 «${name}» arxiv bo‘lmasinmi? Kanaldagi nusxalar o‘z joyida qoladi, lekin yangi fayllar nusxalanmaydi.`,
  removed: (name: string): Html => html`✅ «${name}» endi arxiv emas.`,
  screen: (facts: ArchiveFacts): Html =>
    html`🗄 <b>Arxiv</b>: «${facts.name}»\n\nNusxalangan fayllar: <b>${facts.archived}</b> / ${facts.files}${facts.archived >= facts.files ? '\n✅ Hammasi joyida.' : facts.left === 0 ? '' : html`\n⏳ Qoldi: ${facts.left} ta${facts.minutes === null ? '' : `, taxminan ${duration(facts.minutes)}`}`}${facts.refused === 0 ? '' : `\n⚠️ Telegram ${facts.refused} ta faylni bermadi: ularni qayta yuklang.`}${facts.problem === null ? '' : html`\n\n⚠️ Bot kanalda ishlay olmayapti: ${facts.problem}\n«Post joylash» va «Xabarlarni o‘chirish» huquqlarini bering.`}`,
  caption: (title: string, code: number, part: number | null): Html =>
    html`<b>${title}</b>\nKod: ${code}\n${part === null ? 'Rasm' : `${part}-qism`}`,
  missingList: (files: readonly MissingFile[], page: number, pages: number): Html =>
    html`📋 <b>Nusxasi yo‘q fayllar</b> (${page}/${pages})\n\n${join(
      files.map(
        (file) =>
          html`• ${file.title} (${file.code}): ${file.part === null ? 'rasm' : `${file.part}-qism`}${file.byHand ? ' ✏️' : ''}`,
      ),
      '\n',
    )}${files.some(isKnown) ? `\n\nAynan shu ${kindOf(files)} kimda bo‘lsa, botga uzatsin: bot uni o‘zi taniydi va joyiga qo‘yadi. Boshqa nusxasi bo‘lsa, /edit orqali almashtiring.` : ''}${files.every(isKnown) ? '' : '\n\n✏️ belgili fayllarni bot tanimaydi yoki Telegram bermaydi: ularni /edit orqali qayta yuklang.'}`,
  nothingMissing: (): Html => html`✅ Nusxasi yo‘q fayl qolmadi.`,
  // Notices.
  trouble: (name: string, reason: Html): Html =>
    html`⚠️ Bot «${name}» arxiv kanalida ishlay olmayapti, yangi fayllar nusxalanmayapti.\nSababi: ${reason}\nBotni kanalda admin qiling, «Post joylash» va «Xabarlarni o‘chirish» huquqlarini bering.`,
  isBack: (name: string): Html => html`✅ Bot «${name}» arxiv kanalida yana ishlayapti.`,
};

function duration(minutes: number): string {
  return minutes < 60 ? `${minutes} daqiqa` : `${Math.floor(minutes / 60)} soat ${minutes % 60} daqiqa`;
}

const isKnown = (file: MissingFile): boolean => !file.byHand;

/** Of the files that the bot knows. */
function kindOf(files: readonly MissingFile[]): string {
  const known = files.filter(isKnown);
  if (known.every(({ part }) => part === null)) return 'rasm';
  return known.every(({ part }) => part !== null) ? 'video' : 'rasm yoki video';
}
