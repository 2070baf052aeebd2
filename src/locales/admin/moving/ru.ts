import { html } from '../../../text/html.ts';
import type { uz } from './uz.ts';

export const ru: typeof uz = {
  announce: () => '📣 Текст объявления',
  repost: (count) => `🔁 Опубликовать заново (${count})`,
  repostNow: () => '🔁 Да, опубликовать',
  state: (from, facts) =>
    html`🚚 <b>Переезд</b>: база принадлежала боту @${from}.\nФайлов перешло к новому боту: <b>${facts.linked}</b>${facts.left === 0 ? '' : `\n⏳ Осталось: ${facts.left}${facts.minutes === null ? '' : `, примерно ${duration(facts.minutes)}`}`}${facts.missing === 0 ? '' : `\n⚠️ Без копии: ${facts.missing}`}\nФайлы с копией в архиве открываются уже сейчас.`,
  progress: (facts) =>
    html`🚚 <b>Переезд к новому боту</b>\n\nФайлов перешло: <b>${facts.linked}</b> / ${facts.linked + facts.left}${facts.left === 0 ? '\n✅ Готово.' : facts.closed !== null ? html`\n⏸ Бот не может работать в канале архива: ${facts.closed}. Сделайте бота админом канала с правами «Публикация сообщений» и «Удаление сообщений».` : `\n⏳ Осталось примерно ${duration(facts.minutes ?? 0)}`}${facts.missing === 0 ? '' : `\n⚠️ Файлов без копии: ${facts.missing}. Список: /archive`}`,
  linked: (title, code, part) =>
    html`✅ Это «${title}» (${code}), ${part === null ? 'постер' : `серия ${part}`}. Поставлено на место.`,
  announceHint: () =>
    html`Новый бот не может первым написать прежним зрителям: Telegram разрешает это только для тех, кто сам открыл бота. Опубликуйте этот текст в своих каналах:`,
  announcement: (username, link) =>
    html`📢 Наш бот переехал: @${username}\n\nИстория, избранное и аниме, за которыми вы следите, сохранены. Откройте ссылку и нажмите «Старт»: ${link}`,
  askRepost: (count, from) =>
    html`🔁 Постов со ссылкой на бота @${from}: <b>${count}</b>.\n\nВ каналах бот с правом «Редактирование сообщений» заменит ссылку. В группе чужое сообщение изменить нельзя, туда карточка публикуется заново. Продолжить?`,
  reposting: (moves) =>
    html`🔁 <b>Публикация заново</b>\n\n✏️ Ссылка заменена: ${moves.edited}\n📣 Опубликовано заново: ${moves.posted}\n❌ Не удалось: ${moves.failed}${moves.left === 0 ? '\n\n✅ Готово.' : `\n⏳ Осталось: ${moves.left}`}`,
  nothingToRepost: () => html`✅ Постов со ссылкой на прежнего бота нет.`,
  notice: (from, to) =>
    html`🚚 <b>Бот сменился</b>: база принадлежала боту @${from}, а токен — боту @${to}. Каталог, пользователи и история на месте.\n\n1. Сделайте @${to} админом канала архива («Публикация сообщений» и «Удаление сообщений»). После этого видео откроются сразу.\n2. Добавьте его также в группы, каналы и каналы обязательной подписки.\n3. Откройте /archive: там видно, сколько осталось, есть текст объявления и публикация заново.`,
  done: (linked, missing) =>
    html`✅ <b>Переезд закончен</b>: файлов перешло к новому боту: ${linked}.${missing === 0 ? '' : `\n⚠️ Файлов без копии в архиве: ${missing}. Список: /archive`}`,
};

function duration(minutes: number): string {
  return minutes < 60 ? `${minutes} мин.` : `${Math.floor(minutes / 60)} ч. ${minutes % 60} мин.`;
}
