import { html } from '../../html.ts';
import type { uz } from './uz.ts';

export const ru: typeof uz = {
  staleButton: () => 'Эта кнопка устарела. Отправьте код аниме или нажмите /start.',
  notUnderstood: () => html`Не понял. Отправьте код аниме (например, <code>12</code>) или нажмите /help.`,
  poisonUpdate: (updateId, error) =>
    html`⚠️ На одно сообщение не удалось ответить (update <code>${updateId}</code>).\nПричина: <code>${error}</code>\nСообщение не потеряно: оно сохранено в базе.`,
  backupFailed: (reason) =>
    html`🔴 <b>Резервная копия не сделана.</b>\nПричина: <code>${reason}</code>\nПрежние копии на месте. Проверить: /test, повторить: /backup.`,
  backupAsks: (reason) =>
    html`⚠️ <b>Удаление старых копий остановлено</b>: исчезло бы больше половины.\n<code>${reason}</code>\nЕсли согласны, выполните на сервере <code>npm run backup -- prune</code>.`,
  backupProblem: (reason) =>
    html`⚠️ <b>Резервная копия сделана и проверена</b>, но затем возникла проблема:\n<code>${reason}</code>`,
  drillFailed: (name, reason) =>
    html`🔴 <b>Учебное восстановление не удалось:</b> <code>${name}</code>\nПричина: <code>${reason}</code>\nСделайте новую копию: /backup, затем на сервере <code>npm run backup -- drill</code>.`,
};
