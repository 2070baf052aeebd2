import { html, join } from '../../../text/html.ts';
import { STATE_ICON, type uz } from './uz.ts';

export const ru: typeof uz = {
  post: () => '📣 Опубликовать',
  postNow: (chats) => `📤 Опубликовать сейчас (${chats})`,
  askPost: (title) => html`📣 <b>${title}</b>\n\nГде опубликовать? Отметьте и нажмите «Опубликовать сейчас».`,
  choice: (name, isChosen, postedOn) =>
    `${isChosen ? '✅' : '▫️'} ${name}${postedOn === null ? '' : ` · ${postedOn}`}`,
  nothingChosen: () => 'Сначала отметьте хотя бы одну группу или канал.',
  noChats: () => html`📣 Группы и каналы ещё не добавлены.`,
  report: (results) => {
    const lines = results.map((result) =>
      result.state === 'sent'
        ? html`✅ ${result.name}`
        : result.state === 'failed'
          ? html`❌ ${result.name}: ${result.error ?? ''}`
          : html`⏳ ${result.name}${result.error === null ? '' : html`: ${result.error}`}`,
    );
    return html`📣 <b>Итог публикации</b>\n\n${join(lines, '\n')}`;
  },
  // Broadcasts.
  newBroadcast: () => '➕ Новая рассылка',
  toUsers: () => '👥 Всем пользователям',
  toGroups: () => '📣 Во все группы и каналы',
  toOneGroup: () => '📍 В одну группу или канал',
  send: (count) => `✅ Отправить (${count})`,
  pause: () => '⏸ Приостановить',
  goOn: () => '▶️ Продолжить',
  cancel: () => '✖️ Отменить',
  refresh: () => '🔄 Обновить',
  broadcasts: (hasEarlier) =>
    html`📨 <b>Рассылка</b>\nОдно сообщение — сразу всем: сначала нажмите «➕ Новая рассылка».${hasEarlier ? ' Прежние рассылки ниже.' : ''}`,
  listed: (date, sent, total, state) => `${STATE_ICON[state]} ${date} · ${sent} / ${total}`,
  askBroadcast: () =>
    html`📨 <b>Отправьте сообщение</b> для рассылки: текст, фото, видео, альбом — любое. Оно уйдёт таким же, с оформлением и кнопками.`,
  askAudience: () => html`✅ Сообщение принято. Кому отправить? Пока оно никому не ушло.`,
  askGroup: () => html`📍 Куда именно?`,
  confirm: (audience, count, groupName) =>
    html`☝️ Так выглядит сообщение.\n\nЭто сообщение получат: ${audience === 'users' ? html`пользователей — <b>${count}</b>` : audience === 'groups' ? html`групп и каналов — <b>${count}</b>` : html`<b>${groupName ?? ''}</b>`}. Начинаем?`,
  nobody: () => 'Сейчас это сообщение некому отправить.',
  noCopy: () => 'Это сообщение нельзя скопировать: оно удалено или копирование запрещено. Отправьте другое.',
  progress: (progress) =>
    html`📨 <b>${STATE_NAME[progress.state]}</b>\n\n👥 ${progress.audience === 'group' ? (progress.groupName ?? '') : `Всего: ${progress.total}`}\n✅ Отправлено: <b>${progress.sent}</b>\n🚫 Заблокировали бота: ${progress.blocked}\n❌ Ошибок: ${progress.failed}${progress.problem === null ? '' : html`\n\n⚠️ ${progress.problem}`}`,
  starting: () => html`Начнётся в течение минуты. Это сообщение обновляется само.`,
  finished: (progress) =>
    html`${progress.state === 'done' ? '✅ Рассылка завершена.' : '❌ Рассылка остановилась.'}\n\n✅ Отправлено: <b>${progress.sent}</b>\n🚫 Заблокировали бота: ${progress.blocked}\n❌ Ошибок: ${progress.failed}${progress.problem === null ? '' : html`\n\n⚠️ ${progress.problem}`}`,
  gone: () => 'Такой рассылки нет.',
  tooLate: () => 'Этого уже не сделать: рассылка изменилась.',
  watchHere: () => '▶️ Смотреть аниме',
};

const STATE_NAME = {
  draft: 'Готовится',
  running: 'Идёт рассылка…',
  paused: 'Приостановлена',
  cancelled: 'Отменена',
  failed: 'Остановилась',
  done: 'Завершена',
} as const;
