import { html } from '../../../text/html.ts';
import type { uz } from './uz.ts';

export const ru: typeof uz = {
  // Buttons.
  pause: () => '⏸ Позже',
  resume: () => '▶️ Продолжить',
  drop: () => '🗑 Удалить черновик',
  finish: (parts) => `✅ Завершить (${parts})`,
  withoutParts: () => '⏭ Продолжить без серий',
  undoLast: () => '↩️ Убрать последнюю',
  takeCode: (code) => `✅ ${code} — свободный код`,
  goOn: () => '▶️ Дальше',
  publish: () => '✅ Готово, добавить',
  changeTitle: () => '✏️ Название',
  changeDescription: () => '📝 Описание',
  changePhoto: () => '🖼 Постер',
  changeParts: (parts) => `🎞 Серии: ${parts}`,
  changeCode: (code) => `🔢 Код: ${code}`,
  changeGroups: (count) => `📣 Группы для публикации: ${count}`,
  saveParts: (parts) => `✅ Сохранить (${parts})`,
  changeNumber: () => '🔢 Изменить номер',
  yesDrop: () => '🗑 Да, удалить',
  no: () => '↩️ Нет',
  drafts: () => '🗂 Черновики',
  addAnother: () => '➕ Добавить ещё аниме',
  edit: () => '✏️ Редактировать',
  // Screens.
  askDescription: (parts) =>
    html`➕ <b>Новое аниме</b>\n\n1️⃣ Отправьте описание: текст или <b>постер с подписью</b>.\nПервая строка станет названием.${parts === 0 ? '' : `\n\n🎞 Серий принято: ${parts}, они сохранены.`}`,
  askNewDescription: () => html`📝 Отправьте новое описание: текст или постер с подписью.`,
  photoKept: () => html`🖼 Постер сохранён. Теперь отправьте текст описания.`,
  askParts: (title) =>
    html`✅ Описание сохранено: <b>${title}</b>\n\n2️⃣ Теперь отправьте серии (видео или файлы mkv): по одной или все сразу. Они нумеруются по порядку сообщений.`,
  askMoreParts: (title, first) =>
    html`🎞 Отправьте серии для <b>${title}</b> (видео или файлы mkv): по одной или все сразу.\n\nПервая получит номер <b>${first}</b>.`,
  partsSoFar: (title, parts, repeated) =>
    html`🎞 <b>${title}</b>\nПринято серий: <b>${parts}</b>.${repeated === 0 ? '' : `\n♻️ Повторов: ${repeated}; каждое видео сохранено один раз.`}\n\nОтправьте ещё или нажмите «Завершить».`,
  morePartsSoFar: (title, first, last, repeated) =>
    html`🎞 <b>${title}</b>\nПринято серий: <b>${last - first + 1}</b>, ${first === last ? `номер ${first}` : `номера ${first}–${last}`}.${repeated === 0 ? '' : `\n♻️ Повторов: ${repeated}; каждое видео сохранено один раз.`}\n\nОтправьте ещё или нажмите «Сохранить». Зрители их пока не видят.`,
  askCode: () => html`3️⃣ Отправьте <b>код</b> аниме (от 1 до 999999) или возьмите предложенный свободный.`,
  badCode: () => html`Код — число от 1 до 999999.`,
  codeTaken: (code, title, isTrashed) =>
    html`❌ Код <b>${code}</b> занят: «${title}»${isTrashed ? ' (в корзине; освободится, когда аниме удалится из неё насовсем)' : ''}.\nОтправьте другой.`,
  askGroups: () => html`4️⃣ В каких группах и каналах опубликовать аниме? Отметьте и нажмите «Дальше».`,
  noGroups: () =>
    html`4️⃣ Группы и каналы ещё не добавлены. Можно продолжить без публикации и опубликовать позже.`,
  askTitle: () => html`✏️ Отправьте название аниме.`,
  askPhoto: () => html`🖼 Отправьте постер.`,
  textNotExpected: () => html`На этом шаге текст не нужен — ничего не изменилось.`,
  videoWanted: () => html`Серией может быть видео или файл mkv — ничего не изменилось.`,
  untitled: () => 'Без названия',
  moved: () => 'Эта кнопка относится к прошлому шагу. Ниже — то, что есть сейчас.',
  gone: () => 'Этого черновика больше нет: он завершён или удалён.',
  partGone: () => 'Последняя серия убрана.',
  // Waiting, leaving, throwing away.
  paused: (title, parts) =>
    html`⏸ Черновик сохранён: <b>${title}</b>, серий: ${parts}. Продолжить можно в любое время.`,
  waiting: (title, parts) => html`⏸ Этот черновик ждёт: <b>${title}</b>, серий: ${parts}.`,
  cancelled: () => html`Отменено. Ничего не изменилось.`,
  nothingToCancel: () => html`Отменять нечего. Панель управления: /admin`,
  list: () => html`🗂 <b>Черновики</b>\nВыберите, какой продолжить.`,
  noDrafts: () => html`🗂 Черновиков нет.`,
  listed: (title, parts, isOpen) => `${isOpen ? '▶️' : '⏸'} ${title} · серий: ${parts}`,
  askDrop: (title, parts) =>
    html`🗑 Удалить черновик <b>${title}</b> (серий: ${parts})? Видео останутся в этом чате.`,
  dropped: () => html`🗑 Черновик удалён.`,
  // The end.
  published: (title, code, parts) =>
    html`✅ <b>${title}</b> добавлено.\n🔢 Код: <code>${code}</code>\n🎞 Серий: <b>${parts}</b>`,
  partsPublished: (title, first, last) =>
    html`✅ <b>${title}</b>: ${first === last ? `серия ${first} добавлена` : `серии ${first}–${last} добавлены`}.`,
  noPartsYet: () => 'Ни одной серии ещё не пришло.',
  numberTaken: (number) => html`❌ Серия ${number} уже есть. Отправьте другой номер. Ваши видео сохранены.`,
  askNumber: () =>
    html`🔢 Какой серией будет ваше первое видео? Отправьте номер (например, <code>13</code>).`,
  badNumber: () => html`Номер серии — число от 1 до 100000.`,
  animeGone: () => html`Этого аниме нет, или оно в корзине.`,
};
