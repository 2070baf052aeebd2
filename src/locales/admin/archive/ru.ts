import { html, join } from '../../../text/html.ts';
import type { MissingFile, uz } from './uz.ts';

export const ru: typeof uz = {
  open: () => '🗄 Архив',
  add: () => '➕ Добавить канал архива',
  replace: () => '🔁 Сменить канал',
  remove: () => '🗑 Отказаться от архива',
  yesRemove: () => '🗑 Да, отказаться',
  yesPublic: () => '⚠️ Да, этот канал',
  refresh: () => '🔄 Проверить и обновить',
  missing: (count) => `📋 Файлы без копии (${count})`,
  none: () =>
    html`🗄 <b>Архив</b>\n\nКанала архива ещё нет. Если Telegram заблокирует бота, другой бот не сможет отправить его видео: у каждого бота файлы только свои.\n\nАрхив — закрытый канал, который открываете вы. Бот кладёт туда копию каждой серии и каждого постера, а новый бот потом берёт их оттуда.`,
  ask: () =>
    html`🗄 <b>Канал архива</b>:\n\n1. Создайте новый <b>закрытый канал</b>.\n2. Сделайте бота там <b>админом</b> с правами «Публикация сообщений» и «Удаление сообщений».\n3. Перешлите сюда любой пост из канала или отправьте: <code>@username</code>, ссылку <code>t.me/username</code>, ID.`,
  chosen: (name) => html`✅ Канал архива: «${name}». Копирование начнётся в течение минуты.`,
  askPublic: (name) =>
    html`⚠️ «${name}» — открытый канал: любой найдёт его и увидит все серии и постеры. По жалобе Telegram может закрыть канал, и копии пропадут.\n\nДля архива нужен <b>закрытый канал</b>: отправьте его. Всё равно взять этот?`,
  askRemove: (name) =>
    html`🗑 Больше не вести архив в «${name}»? Копии останутся в канале, но новые файлы копироваться не будут.`,
  removed: (name) => html`✅ «${name}» больше не архив.`,
  screen: (facts) =>
    html`🗄 <b>Архив</b>: «${facts.name}»\n\nСкопировано файлов: <b>${facts.archived}</b> / ${facts.files}${facts.archived >= facts.files ? '\n✅ Всё на месте.' : facts.left === 0 ? '' : html`\n⏳ Осталось: ${facts.left}${facts.minutes === null ? '' : `, примерно ${duration(facts.minutes)}`}`}${facts.refused === 0 ? '' : `\n⚠️ Файлов, которые Telegram не отдал: ${facts.refused}. Загрузите их заново.`}${facts.problem === null ? '' : html`\n\n⚠️ Бот не может работать в канале: ${facts.problem}\nДайте ему права «Публикация сообщений» и «Удаление сообщений».`}`,
  caption: (title, code, part) =>
    html`<b>${title}</b>\nКод: ${code}\n${part === null ? 'Постер' : `Серия ${part}`}`,
  missingList: (files, page, pages) =>
    html`📋 <b>Файлы без копии</b> (${page}/${pages})\n\n${join(
      files.map(
        (file) =>
          html`• ${file.title} (${file.code}): ${file.part === null ? 'постер' : `серия ${file.part}`}${file.byHand ? ' ✏️' : ''}`,
      ),
      '\n',
    )}${files.some(isKnown) ? `\n\nУ кого есть ${kindOf(files)}, пусть перешлёт его боту: бот узнает его сам и поставит на место. Другую копию загрузите через /edit.` : ''}${files.every(isKnown) ? '' : '\n\n✏️ Отмеченные файлы бот не узнает, или Telegram их не отдаёт: загрузите их заново через /edit.'}`,
  nothingMissing: () => html`✅ Файлов без копии не осталось.`,
  trouble: (name, reason) =>
    html`⚠️ Бот не может работать в канале архива «${name}», новые файлы не копируются.\nПричина: ${reason}\nСделайте бота админом канала с правами «Публикация сообщений» и «Удаление сообщений».`,
  isBack: (name) => html`✅ Бот снова работает в канале архива «${name}».`,
};

function duration(minutes: number): string {
  return minutes < 60 ? `${minutes} мин.` : `${Math.floor(minutes / 60)} ч. ${minutes % 60} мин.`;
}

const isKnown = (file: MissingFile): boolean => !file.byHand;

/** Of the files that the bot knows. */
function kindOf(files: readonly MissingFile[]): string {
  const known = files.filter(isKnown);
  if (known.every(({ part }) => part === null)) return 'этот самый постер';
  return known.every(({ part }) => part !== null) ? 'это самое видео' : 'этот самый постер или видео';
}
