import { html } from '../../../text/html.ts';
import type { uz } from './uz.ts';

export const ru: typeof uz = {
  // Buttons.
  byCode: () => '🔢 Открыть по коду',
  title: () => '✏️ Название',
  description: () => '📝 Описание',
  photo: () => '🖼 Постер',
  genres: () => '🏷 Жанр',
  year: () => '📅 Год',
  aliases: () => '🔎 Другие названия',
  code: () => '🔢 Код',
  parts: (count) => `🎞 Серии (${count})`,
  addParts: () => '➕ Добавить серии',
  look: () => '👁 Посмотреть',
  delete: () => '🗑 Удалить',
  restore: () => '♻️ Восстановить',
  photoOff: () => '🚫 Убрать постер',
  replace: () => '🔁 Заменить видео',
  move: () => '↕️ Перенести на другой номер',
  deletePart: () => '🗑 Удалить серию',
  deleteKeeping: () => '🗑 Удалить, номера оставить',
  deleteShifting: () => '🗑 Удалить, следующие сдвинуть',
  swap: (from, to) => `🔀 Поменять ${from} и ${to} местами`,
  insert: (from) => `⤵️ ${from} — сюда, остальные сдвинуть`,
  yesTrash: () => '🗑 Да, удалить',
  listed: (code, title, parts) => `${code} · ${title} (${parts})`,
  trashed: (title, days) => `♻️ ${title} · ${days} дн.`,
  // Screens.
  list: () => html`✏️ <b>Какое аниме редактировать?</b>\nНовые сверху. Если знаете код: <code>/edit 12</code>`,
  emptyList: () => html`Аниме ещё не добавлены.`,
  facts: (facts) =>
    html`${facts.isTrashed ? '🗑 В корзине: ' : '✏️ '}<b>${facts.title}</b>\n\n🔢 Код: <code>${facts.code}</code>\n🎞 Серий: <b>${facts.parts}</b>\n👁 Просмотров: <b>${facts.views}</b>\n🏷 Жанр: ${facts.genres}\n📅 Год: ${facts.year}\n🔎 Другие названия: ${facts.aliases}`,
  saved: () => html`✅ Сохранено.`,
  notSaved: () => html`❌ Не сохранено: этого аниме нет, или оно в корзине.`,
  notFound: (code, hasNear) =>
    html`Аниме с кодом <b>${code}</b> не найдено.${hasNear ? ' Близкие коды ниже.' : ''}`,
  nothingFound: (wanted) =>
    html`По запросу «<b>${wanted}</b>» ничего не найдено. Отправьте с кодом или названием аниме, например: <code>/edit 1</code>`,
  codeWas: (old, code) => html`Код <b>${old}</b> изменён: у этого аниме теперь код <b>${code}</b>.`,
  gone: () => 'Этого аниме нет, или оно в корзине.',
  partGone: () => 'Этой серии больше нет.',
  // Questions.
  askAnime: () => html`🔢 Отправьте код или название аниме.`,
  askTitle: (title) => html`✏️ <b>${title}</b>: отправьте новое название.`,
  askDescription: (title) =>
    html`📝 <b>${title}</b>: отправьте новое описание (текст или постер с подписью).`,
  askPhoto: (title) => html`🖼 <b>${title}</b>: отправьте новый постер.`,
  askGenres: (title) =>
    html`🏷 <b>${title}</b>: отправьте жанры (например: <i>приключения, фантастика</i>). Чтобы убрать, отправьте знак «<code>-</code>».`,
  askYear: (title) =>
    html`📅 <b>${title}</b>: отправьте год выхода (например: <code>2007</code>). Чтобы убрать, отправьте знак «<code>-</code>».`,
  askAliases: (title) =>
    html`🔎 <b>${title}</b>: отправьте другие названия, по одному в строке. Аниме найдётся и по ним. Чтобы убрать, отправьте знак «<code>-</code>».`,
  askCode: (title, code) =>
    html`🔢 <b>${title}</b>: отправьте новый код (сейчас: ${code}).\nСсылки со старым кодом перестанут работать, старые кнопки продолжат работать.`,
  askReplace: (title, number) => html`🔁 <b>${title}</b>, серия ${number}: отправьте новое видео.`,
  askNumber: (title, number) =>
    html`↕️ <b>${title}</b>, серия ${number}: на какой номер перенести? Отправьте номер.`,
  wantsText: () => html`Отправьте сюда текст.`,
  wantsPhoto: () => html`Отправьте сюда постер.`,
  wantsVideo: () => html`Отправьте сюда видео или файл mkv.`,
  wantsCode: () => html`Код — число от 1 до 999999.`,
  wantsYear: () => html`Год — четырёхзначное число, например <code>2007</code>.`,
  wantsNumber: () => html`Номер серии — число от 1 до 100000.`,
  codeTaken: (code, title, isTrashed) =>
    html`❌ Код <b>${code}</b> занят: «${title}»${isTrashed ? ' (в корзине; освободится, когда аниме удалится из неё насовсем)' : ''}. Отправьте другой.`,
  codeChanged: (from, to) => html`✅ Код изменён: ${from} → <b>${to}</b>.`,
  // Parts.
  partList: (title) => html`🎞 <b>${title}</b>\nВыберите серию:`,
  part: (title, number) => html`🎞 <b>${title}</b>, <b>серия ${number}</b>`,
  partReplaced: (number) => html`✅ Видео серии ${number} заменено.`,
  numberTaken: (to) => html`Серия ${to} уже есть. Что сделать?`,
  partMoved: (number) => html`✅ Теперь это серия ${number}.`,
  askDeletePart: (title, number, hasLater) =>
    html`🗑 Удалить <b>${title}</b>, серию ${number}? Вернуть её будет нельзя.${hasLater ? '\n\nЧто делать с номерами следующих серий?' : ''}`,
  partDeleted: (number) => html`✅ Серия ${number} удалена.`,
  // Trash.
  askTrash: (title, days) =>
    html`🗑 Удалить <b>${title}</b>?\n\nЗрители сразу перестанут его видеть, а в корзине оно пролежит ${days} дн.: за это время его можно восстановить. Код всё это время остаётся занятым.`,
  trashedNow: (title, days) => html`🗑 <b>${title}</b> в корзине. Восстановить можно в течение ${days} дн.`,
  restored: (title) => html`♻️ <b>${title}</b> восстановлено.`,
  notTrashed: () => 'Этого аниме нет в корзине.',
  yesPurge: () => '🗑 Да, удалить навсегда',
  askPurge: (title, code, parts) =>
    html`🗑 Удалить <b>${title}</b> навсегда (код ${code}, серий: ${parts})? Вернуть будет нельзя. Код освободится.`,
  purged: (title) => html`🗑 <b>${title}</b> удалено навсегда.`,
  purgedSoon: (title) => html`🗑 <b>${title}</b>: просмотров очень много, оно исчезнет в течение часа.`,
  trashList: () => html`🗑 <b>Корзина</b>\nВыберите, что восстановить. Рядом — сколько дней осталось.`,
  emptyTrash: () => html`🗑 Корзина пуста.`,
  none: () => '—',
};
