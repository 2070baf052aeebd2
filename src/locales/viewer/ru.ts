import { html } from '../../html.ts';
import type { uz } from './uz.ts';

export const ru: typeof uz = {
  greeting: (name) =>
    html`Здравствуйте, <b>${name}</b>!\n\nЧтобы смотреть аниме, отправьте его <b>код</b>, например: <code>12</code>`,
  help: () =>
    html`<b>Как пользоваться</b>\n\n• Отправьте код аниме — откроется карточка.\n• Нажмите «Смотреть аниме» — появятся серии.\n• Нажмите серию — придёт видео.\n\n/start — начать сначала\n/help — помощь`,
  untitled: (code) => `Аниме ${code}`,
  cardFacts: (code, parts) => html`🔢 Код: <code>${code}</code>\n🎞 Серий: <b>${parts}</b>`,
  noPartsYet: () => html`Серии ещё не добавлены.`,
  watch: () => '▶️ Смотреть аниме',
  unknownCode: (code) => html`Аниме с кодом <b>${code}</b> не найдено. Проверьте код и отправьте ещё раз.`,
  badCode: () => html`Код аниме — число от 1 до 999999. Проверьте код и отправьте ещё раз.`,
  choosePart: () => html`Выберите серию:`,
  part: (number) => `Серия ${number}`,
  pageOf: (page, pages) => `${page} / ${pages}`,
  left: () => '⬅️ Влево',
  right: () => 'Вправо ➡️',
  back: () => '🔙 Назад',
  allParts: () => '📋 Серии',
  gone: () => 'Этого аниме больше нет.',
  partGone: (number) => `Серии ${number} больше нет. Откройте список серий.`,
};
