import { type Html, html, join } from '../../../text/html.ts';
import { TABLES } from '../imports/ru.ts';
import type { MomentChange, uz } from './uz.ts';

export const ru: typeof uz = {
  // Buttons.
  open: () => '🕰 Посмотреть прежнее состояние',
  tenMinutes: () => '10 минут назад',
  oneHour: () => '1 час назад',
  yesterday: () => 'Вчера в это время',
  other: () => '🕰 Другое время',
  near: (time) => `🕰 Состояние на ${time}`,
  sendHere: () => '📨 Прислать сюда',
  stop: () => '⛔️ Остановить',
  // Screens.
  ask: (zone) =>
    html`🕰 <b>На какой момент нужна база?</b>\n\nНажмите кнопку или напишите время: <code>14:31</code> или <code>2026-11-27 14:31</code> (${zone}).\n\nВы увидите, что изменилось с того момента, и сможете получить файл базы на тот момент. Сама база не меняется.`,
  noTime: () => html`❗️ Не удалось понять время.`,
  ahead: () => html`❗️ Это время ещё не наступило.`,
  elsewhere: (isSealed) =>
    html`🕰 Это можно сделать только на компьютере: ${isSealed ? 'у бота нет ключа от резервных копий' : 'на этом сервере нельзя писать файлы на диск'}.\n\nПолучить файл, каким он был 15 минут назад:\n<code>npm run backup -- download --at 15m</code>\nЧтобы увидеть, что изменилось, напишите <code>diff</code> вместо <code>download</code>. Можно указать и время: <code>"2026-11-27 14:31"</code>`,
  busy: () => '⏳ Сейчас выполняется другой такой запрос. Когда он закончится, попробуйте ещё раз.',
  finding: () => html`🔎 Ищу нужную резервную копию…`,
  fetching: (percent) =>
    html`⬇️ Читаю резервную копию и изменения после неё${percent === null ? '' : `: ${percent}%`}…`,
  comparing: () => html`⚖️ Сравниваю с нынешней базой…`,
  packing: () => html`📦 Готовлю файл…`,
  stopped: () => html`↩️ Остановлено. Сама база не менялась.`,
  notRunning: () => html`Этот запрос уже закончился или прервался. Начать заново: /backups`,
  found: (time, zone, changes, notes, command) =>
    html`🕰 <b>Состояние на ${time}</b> (${zone})\n\n${changes.length === 0 ? 'С того момента в базе ничего не изменилось.' : html`С того момента в базе:\n${join(changes.map(line), '\n')}\n\nЕсли вернуться назад, этих изменений не станет.`}${join(
      notes.map((note) => html`\n⚠️ <code>${note}</code>`),
      '',
    )}\n\nСама база не менялась. Чтобы вернуть её в это состояние, сначала остановите бота, затем выполните на компьютере:\n<code>${command}</code>`,
  early: (earliest) =>
    earliest === null
      ? html`❌ Пока нет ни одной резервной копии. Сделать: /backup`
      : html`❌ <b>Нет резервной копии, сделанной раньше этого времени.</b>\nСамое раннее время: ${earliest}`,
  gap: (time, reason, last) =>
    html`❌ <b>Состояние на ${time} вернуть нельзя:</b> ${reason}.${last === null ? '' : html`\nБлижайшее время до него: ${last}`}`,
  failed: (reason, command) =>
    html`❌ <b>Не получилось.</b>\nПричина: ${reason}\nСама база не менялась. На компьютере:\n<code>${command}</code>`,
  tooLarge: (command) =>
    html`❌ Файл слишком велик для Telegram (больше 50 МБ). На компьютере:\n<code>${command}</code>`,
  file: (time) => html`🕰 База на ${time}`,
  sent: (time) => html`✅ База на ${time} отправлена.`,
};

function line({ table, added, removed, changed }: MomentChange): Html {
  const counts = [
    ...(added === 0 ? [] : [`добавлено ${added}`]),
    ...(removed === 0 ? [] : [`удалено ${removed}`]),
    ...(changed === 0 ? [] : [`изменено ${changed}`]),
  ];
  return html`• ${table === undefined ? 'Прочие записи' : (TABLES[table] ?? table)}: ${counts.join(', ')}`;
}
