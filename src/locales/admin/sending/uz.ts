/** Texts of posting and broadcasting. */
import { type Html, html, join } from '../../../text/html.ts';

interface Outcome {
  readonly name: string;
  readonly state: 'waiting' | 'sending' | 'sent' | 'failed';
  readonly error: Html | null;
}

type Audience = 'users' | 'groups' | 'group';

interface Progress {
  readonly state: 'draft' | 'running' | 'paused' | 'cancelled' | 'failed' | 'done';
  readonly audience: Audience | null;
  readonly groupName: string | null;
  readonly total: number;
  readonly sent: number;
  readonly failed: number;
  readonly blocked: number;
  readonly problem: Html | null;
}

export const uz = {
  post: () => '📣 Joylash',
  postNow: (chats: number) => `📤 Hoziroq joylash (${chats})`,
  askPost: (title: string): Html =>
    html`📣 <b>${title}</b>\n\nQayerga joylansin? Belgilang va «Hoziroq joylash»ni bosing.`,
  choice: (name: string, isChosen: boolean, postedOn: string | null) =>
    `${isChosen ? '✅' : '▫️'} ${name}${postedOn === null ? '' : ` · ${postedOn}`}`,
  nothingChosen: () => 'Avval kamida bitta guruh yoki kanalni belgilang.',
  noChats: (): Html => html`📣 Hali guruh yoki kanal qo‘shilmagan.`,
  report: (results: readonly Outcome[]): Html => {
    const lines = results.map((result) =>
      result.state === 'sent'
        ? html`✅ ${result.name}`
        : result.state === 'failed'
          ? html`❌ ${result.name}: ${result.error ?? ''}`
          : html`⏳ ${result.name}${result.error === null ? '' : html`: ${result.error}`}`,
    );
    return html`📣 <b>Joylash natijasi</b>\n\n${join(lines, '\n')}`;
  },
  // Broadcasts.
  newBroadcast: () => '➕ Yangi xabar',
  toUsers: () => '👥 Barcha foydalanuvchilarga',
  toGroups: () => '📣 Barcha guruh va kanallarga',
  toOneGroup: () => '📍 Bitta guruh yoki kanalga',
  send: (count: number) => `✅ Yuborish (${count})`,
  pause: () => '⏸ To‘xtatib turish',
  goOn: () => '▶️ Davom ettirish',
  cancel: () => '✖️ Bekor qilish',
  refresh: () => '🔄 Yangilash',
  broadcasts: (hasEarlier: boolean): Html =>
    html`📨 <b>Xabar tarqatish</b>\nBir xabarni hammaga yuborasiz: avval «➕ Yangi xabar»ni bosing.${hasEarlier ? ' Oldingilari quyida.' : ''}`,
  listed: (date: string, sent: number, total: number, state: Progress['state']) =>
    `${STATE_ICON[state]} ${date} · ${sent} / ${total}`,
  askBroadcast: (): Html =>
    html`📨 Tarqatiladigan <b>xabarni yuboring</b>: matn, rasm, video, albom — istalgan xabar. Qanday yuborsangiz, ko‘rinishi va tugmalari bilan shunday boradi.`,
  askAudience: (): Html => html`✅ Xabar olindi. Kimga yuboramiz? Hali hech kimga yuborilmadi.`,
  askGroup: (): Html => html`📍 Qaysi biriga?`,
  confirm: (audience: Audience, count: number, groupName: string | null): Html =>
    html`☝️ Xabar shunday ko‘rinadi.\n\nBu xabar ${audience === 'users' ? html`<b>${count}</b> ta foydalanuvchiga` : audience === 'groups' ? html`<b>${count}</b> ta guruh va kanalga` : html`<b>${groupName ?? ''}</b>ga`} yuboriladi. Boshlaymizmi?`,
  nobody: () => 'Hozir bu xabarni oladigan hech kim yo‘q.',
  noCopy: () =>
    'Bu xabarni nusxalab bo‘lmadi: u o‘chirilgan yoki nusxa olish taqiqlangan. Yangi xabar yuboring.',
  progress: (progress: Progress): Html =>
    html`📨 <b>${STATE_NAME[progress.state]}</b>\n\n👥 ${progress.audience === 'group' ? (progress.groupName ?? '') : `Jami: ${progress.total}`}\n✅ Yuborildi: <b>${progress.sent}</b>\n🚫 Botni bloklagan: ${progress.blocked}\n❌ Xato: ${progress.failed}${progress.problem === null ? '' : html`\n\n⚠️ ${progress.problem}`}`,
  starting: (): Html => html`Bir daqiqa ichida boshlanadi. Shu xabar o‘zi yangilanib turadi.`,
  finished: (progress: Progress): Html =>
    html`${progress.state === 'done' ? '✅ Xabar tarqatish tugadi.' : '❌ Xabar tarqatish to‘xtadi.'}\n\n✅ Yuborildi: <b>${progress.sent}</b>\n🚫 Botni bloklagan: ${progress.blocked}\n❌ Xato: ${progress.failed}${progress.problem === null ? '' : html`\n\n⚠️ ${progress.problem}`}`,
  gone: () => 'Bu xabar tarqatish topilmadi.',
  tooLate: () => 'Endi buni qilib bo‘lmaydi: xabar holati o‘zgargan.',
  watchHere: () => '▶️ Animeni ko‘rish',
};

export const STATE_ICON = {
  draft: '📝',
  running: '▶️',
  paused: '⏸',
  cancelled: '✖️',
  failed: '❌',
  done: '✅',
} as const;

const STATE_NAME = {
  draft: 'Tayyorlanmoqda',
  running: 'Tarqatilmoqda…',
  paused: 'Vaqtincha to‘xtatilgan',
  cancelled: 'Bekor qilindi',
  failed: 'To‘xtab qoldi',
  done: 'Tugadi',
} as const;
