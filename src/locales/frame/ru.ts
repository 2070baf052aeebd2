import { html } from '../../html.ts';
import type { uz } from './uz.ts';

export const ru: typeof uz = {
  staleButton: () => 'Эта кнопка устарела. Отправьте код аниме или нажмите /start.',
  notUnderstood: () => html`Не понял. Отправьте код аниме (например, <code>12</code>) или нажмите /help.`,
  poisonUpdate: (updateId, error) =>
    html`⚠️ На одно сообщение не удалось ответить (update <code>${updateId}</code>).\nПричина: <code>${error}</code>\nСообщение не потеряно: оно сохранено в базе.`,
};
