import { html, join } from '../../../text/html.ts';
import { STATE_ICON, type uz } from './uz.ts';

export const uzCyrl: typeof uz = {
  post: () => '📣 Жойлаш',
  postNow: (chats) => `📤 Ҳозироқ жойлаш (${chats})`,
  askPost: (title) => html`📣 <b>${title}</b>\n\nҚаерга жойлансин? Белгиланг ва «Ҳозироқ жойлаш»ни босинг.`,
  choice: (name, isChosen, postedOn) =>
    `${isChosen ? '✅' : '▫️'} ${name}${postedOn === null ? '' : ` · ${postedOn}`}`,
  nothingChosen: () => 'Аввал камида битта гуруҳ ёки канални белгиланг.',
  noChats: () => html`📣 Ҳали гуруҳ ёки канал қўшилмаган.`,
  report: (results) => {
    const lines = results.map((result) =>
      result.state === 'sent'
        ? html`✅ ${result.name}`
        : result.state === 'failed'
          ? html`❌ ${result.name}: ${result.error ?? ''}`
          : html`⏳ ${result.name}${result.error === null ? '' : html`: ${result.error}`}`,
    );
    return html`📣 <b>Жойлаш натижаси</b>\n\n${join(lines, '\n')}`;
  },
  // Broadcasts.
  newBroadcast: () => '➕ Янги хабар',
  toUsers: () => '👥 Барча фойдаланувчиларга',
  toGroups: () => '📣 Барча гуруҳ ва каналларга',
  toOneGroup: () => '📍 Битта гуруҳ ёки каналга',
  send: (count) => `✅ Юбориш (${count})`,
  pause: () => '⏸ Тўхтатиб туриш',
  goOn: () => '▶️ Давом эттириш',
  cancel: () => '✖️ Бекор қилиш',
  refresh: () => '🔄 Янгилаш',
  broadcasts: (hasEarlier) =>
    html`📨 <b>Хабар тарқатиш</b>\nБир хабарни ҳаммага юборасиз: аввал «➕ Янги хабар»ни босинг.${hasEarlier ? ' Олдингилари қуйида.' : ''}`,
  listed: (date, sent, total, state) => `${STATE_ICON[state]} ${date} · ${sent} / ${total}`,
  askBroadcast: () =>
    html`📨 Тарқатиладиган <b>хабарни юборинг</b>: матн, расм, видео, альбом — исталган хабар. Қандай юборсангиз, кўриниши ва тугмалари билан шундай боради.`,
  askAudience: () => html`✅ Хабар олинди. Кимга юборамиз? Ҳали ҳеч кимга юборилмади.`,
  askGroup: () => html`📍 Қайси бирига?`,
  confirm: (audience, count, groupName) =>
    html`☝️ Хабар шундай кўринади.\n\nБу хабар ${audience === 'users' ? html`<b>${count}</b> та фойдаланувчига` : audience === 'groups' ? html`<b>${count}</b> та гуруҳ ва каналга` : html`<b>${groupName ?? ''}</b>га`} юборилади. Бошлаймизми?`,
  nobody: () => 'Ҳозир бу хабарни оладиган ҳеч ким йўқ.',
  noCopy: () => 'Бу хабарни нусхалаб бўлмади: у ўчирилган ёки нусха олиш тақиқланган. Янги хабар юборинг.',
  progress: (progress) =>
    html`📨 <b>${STATE_NAME[progress.state]}</b>\n\n👥 ${progress.audience === 'group' ? (progress.groupName ?? '') : `Жами: ${progress.total}`}\n✅ Юборилди: <b>${progress.sent}</b>\n🚫 Ботни блоклаган: ${progress.blocked}\n❌ Хато: ${progress.failed}${progress.problem === null ? '' : html`\n\n⚠️ ${progress.problem}`}`,
  starting: () => html`Бир дақиқа ичида бошланади. Шу хабар ўзи янгиланиб туради.`,
  finished: (progress) =>
    html`${progress.state === 'done' ? '✅ Хабар тарқатиш тугади.' : '❌ Хабар тарқатиш тўхтади.'}\n\n✅ Юборилди: <b>${progress.sent}</b>\n🚫 Ботни блоклаган: ${progress.blocked}\n❌ Хато: ${progress.failed}${progress.problem === null ? '' : html`\n\n⚠️ ${progress.problem}`}`,
  gone: () => 'Бу хабар тарқатиш топилмади.',
  tooLate: () => 'Энди буни қилиб бўлмайди: хабар ҳолати ўзгарган.',
  watchHere: () => '▶️ Анимени кўриш',
};

const STATE_NAME = {
  draft: 'Тайёрланмоқда',
  running: 'Тарқатилмоқда…',
  paused: 'Вақтинча тўхтатилган',
  cancelled: 'Бекор қилинди',
  failed: 'Тўхтаб қолди',
  done: 'Тугади',
} as const;
