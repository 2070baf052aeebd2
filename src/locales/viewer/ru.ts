import { type Html, html, join } from '../../text/html.ts';
import type { uz } from './uz.ts';

export const ru: typeof uz = {
  greeting: (name) =>
    html`Здравствуйте, <b>${name}</b>! 👋\n\nЗдесь смотрят аниме. Просто напишите:\n• <b>код</b> аниме, например <code>1</code>\n• или <b>название</b>, хватит и части\n\nИли выберите ниже 👇`,
  about: () =>
    '🎬 Бот для просмотра аниме.\n\nОтправьте код или название: серии откроются прямо здесь. Есть избранное, история и сообщения о новых сериях.\n\nЧтобы начать, нажмите /start 👇',
  aboutShort: () => '🎬 Отправьте код или название аниме и смотрите.',
  menu: () => '🏠 Меню',
  newest: () => '🆕 Новинки',
  mostViewed: () => '🔥 Самое популярное',
  byName: () => '🔤 По алфавиту',
  random: () => '🎲 Случайное',
  favourites: () => '⭐ Избранное',
  history: () => '🕘 История',
  following: () => '🔔 Я слежу',
  language: () => '🌐 Язык',
  continueTitle: (title, part) => `▶️ Продолжить: ${title}, серия ${part}`,
  help: (commands, who) =>
    join(
      [
        html`<b>Как пользоваться</b>\n`,
        html`• Отправьте <b>код</b> аниме — откроется карточка.`,
        html`• Не знаете код — напишите <b>название</b>: кириллицей или латиницей, можно с опечаткой.`,
        html`• «Смотреть аниме» — список серий. Нажмите номер серии, и откроется видео.`,
        html`• Сразу серию: отправьте код аниме и номер серии вместе, например <code>1 7</code>.`,
        html`• «В избранное» — сохранить аниме, «Следить» — получать сообщение о новой серии.`,
        ...(who.inlineName === undefined
          ? []
          : [
              html`• Поделиться с друзьями: в любом чате напишите <code>@${who.inlineName}</code>, а после — название аниме.`,
            ]),
        html`\n<b>Команды</b>`,
        ...commands.map(({ command, description }) => html`/${command} — ${description}`),
        ...(who.isAdmin
          ? [html`\n<b>Админу</b>\n/admin — панель управления\n/commands — все команды админа`]
          : []),
      ],
      '\n',
    ),
  commands: () => ({
    start: 'начало, меню',
    history: 'история и продолжение',
    favourites: 'избранное',
    following: 'аниме, за которыми я слежу',
    new: 'новинки',
    popular: 'самое популярное',
    az: 'по алфавиту',
    random: 'случайное аниме',
    language: 'выбор языка',
    help: 'помощь',
  }),
  emptyCatalogue: () => html`Аниме пока не добавлены. Загляните позже.`,
  chooseLanguage: () => html`🌐 Выберите язык:`,
  languageName: () => 'Русский',
  languageChosen: () => '✅ Язык бота: русский',
  languageSet: () => html`✅ Язык бота: <b>русский</b>`,

  gateAsk: () => html`🔒 Чтобы пользоваться ботом, подпишитесь на каналы ниже и нажмите <b>Проверить</b> 👇`,
  gateMissing: (names) =>
    html`❗️ Вы ещё не подписаны:\n${bold(names)}\n\nПодпишитесь и снова нажмите <b>Проверить</b> 👇`,
  gateAlert: (names) => `Вы ещё не подписаны: ${names.join(', ')}`,
  gatePassed: () => '✅ Можно продолжать.',
  check: () => '🔄 Проверить',
  banned: () => html`⛔️ Админы заблокировали вас: бот больше не отвечает.`,
  slowDown: () => 'Слишком быстро 🙂 Продолжите через минуту.',

  untitled: (code) => `Аниме ${code}`,
  codeLine: (code) => html`🔢 Код: <code>${code}</code>`,
  cardFacts: (facts) =>
    join(
      [
        html`🔢 Код: <code>${facts.code}</code>`,
        ...(facts.parts === null ? [] : [html`🎞 Серий: <b>${facts.parts}</b>`]),
        ...(facts.year === null ? [] : [html`📅 Год: <b>${facts.year}</b>`]),
        ...(facts.genres === null || facts.genres === '' ? [] : [html`🎭 Жанр: ${facts.genres}`]),
        ...(facts.views === 0 ? [] : [html`👁 Просмотров: <b>${facts.views}</b>`]),
      ],
      '\n',
    ),
  watch: () => '▶️ Смотреть аниме',
  continueAt: (part) => `⏯ Продолжить: серия ${part}`,
  more: () => '📖 Далее',
  share: () => '↗️ Поделиться',
  another: () => '🎲 Другое',
  favourite: (isOn) => (isOn ? '★ В избранном' : '☆ В избранное'),
  favouriteSaid: (isOn) => (isOn ? '⭐ Добавлено в избранное' : 'Убрано из избранного'),
  follow: (isOn) => (isOn ? '🔕 Перестать следить' : '🔔 Следить'),
  followSaid: (isOn) =>
    isOn ? '🔔 Сообщим, когда выйдет новая серия' : '🔕 Больше не сообщаем об этом аниме',
  unknownCode: (code, hasNear) =>
    html`Аниме с кодом <b>${code}</b> не найдено.\n${hasNear ? 'Аниме с ближайшими кодами — ниже. Можно найти и по названию.' : 'Проверьте код и отправьте ещё раз или напишите название.'}`,
  badCode: () =>
    html`Код аниме — число от 1 до 999999. Проверьте код и отправьте ещё раз или напишите название.`,
  gone: () => 'Этого аниме больше нет.',

  noPartsYet: () => html`Серии ещё не добавлены.`,
  choosePart: (watched) =>
    watched === null ? html`Выберите серию:` : html`Выберите серию (👁 — последняя просмотренная):`,
  part: (number) => `Серия ${number}`,
  playing: (number, code) => html`🎬 <b>Серия ${number}</b>\n🔢 Код: <code>${code}</code>`,
  partGone: (number) => `Серии ${number} больше нет. Откройте список серий заново.`,
  noSuchPart: (title, number, parts) =>
    html`<b>${title}</b>\nСерии <b>${number}</b> у этого аниме нет: всего серий ${parts}.`,
  fileTrouble: (title, number) =>
    html`😔 <b>${title}</b>, серия ${number}: видео пока не удалось открыть.\nМы сообщили админам. Остальные серии можно смотреть.`,
  pageOf: (page, pages) => `${page} / ${pages}`,
  left: () => '⬅️ Раньше',
  right: () => 'Дальше ➡️',
  back: () => '🔙 Назад',
  allParts: () => '📋 Серии',

  found: (count) => html`🔎 Найдено: <b>${count}</b>. Выберите аниме:`,
  nothingFound: (query) =>
    html`🔎 По запросу «<b>${query}</b>» ничего не найдено.\n\nПопробуйте написать иначе, отправьте код или выберите ниже:`,
  browseTitle: (order) =>
    ({
      newest: html`🆕 <b>Новинки</b>`,
      viewed: html`🔥 <b>Самое популярное</b>`,
      name: html`🔤 <b>По алфавиту</b>`,
    })[order],
  letters: () => '🔤 Другая буква',
  chooseLetter: () => html`🔤 С какой буквы начать?`,
  alphabet: () => RUSSIAN_LETTERS,
  personalList: (list, isEmpty) =>
    ({
      history: isEmpty
        ? html`🕘 <b>История</b> пока пуста.\n\nОткройте любую серию — она сохранится здесь, и вы продолжите с неё.`
        : html`🕘 <b>История</b>\nПоследнее просмотренное. ▶️ — следующая серия:`,
      favourites: isEmpty
        ? html`⭐ <b>Избранное</b> пока пусто.\n\nНажмите «☆ В избранное» под аниме.`
        : html`⭐ <b>Избранное</b>`,
      follows: isEmpty
        ? html`🔔 Пока вы <b>ни за чем не следите</b>.\n\nНажмите «🔔 Следить» под аниме — сообщим о новой серии.`
        : html`🔔 <b>Я слежу</b>\nСообщим, когда у этих аниме выйдет новая серия:`,
    })[list],

  newParts: (title, first, last, count) =>
    count === 1
      ? html`🔔 <b>${title}</b>\nНовая серия: <b>${first}</b>`
      : html`🔔 <b>${title}</b>\nНовых серий: <b>${count}</b> (${first}–${last})`,

  groupHint: () => html`Пишите боту в личный чат 👇`,
  openInBot: () => '▶️ Открыть в боте',
  inlineHint: (code) => `Код: ${code} — нажмите, чтобы поделиться`,
  inlineNothing: () => 'Ничего не найдено. Открыть бота',

  noticeChannelUnchecked: (name, reason) =>
    html`⚠️ Не удаётся проверить подписку на канал <b>${name}</b>.\nПричина: ${reason}\n\nПока подписка на него не проверяется, проходят все. Сделайте бота <b>админом</b> канала или уберите канал из списка: /admin`,
  noticeChannelLink: (name) =>
    html`⚠️ У канала <b>${name}</b> нет рабочей ссылки.\n\nПока подписка на него не требуется. Обновите ссылку: /admin`,
  noticeFile: (code, part, reason) =>
    html`⚠️ Telegram не принял сохранённый файл: код <code>${code}</code>, ${part === null ? 'постер' : `серия ${part}`}.\nПричина: ${reason}\n\nЕсли токен бота сменился, другие файлы тоже могут не открыться: их нужно отправить новому боту заново. Об этом сообщаем раз в день.`,
};

function bold(names: readonly string[]): Html {
  return join(
    names.map((name) => html`• <b>${name}</b>`),
    '\n',
  );
}

const RUSSIAN_LETTERS = {
  '0': '0–9',
  a: 'А',
  b: 'Б',
  ch: 'Ч',
  d: 'Д',
  e: 'Е Э',
  f: 'Ф',
  g: 'Г',
  h: 'Х',
  i: 'И Ю Я',
  j: 'Ж Дж',
  k: 'К',
  l: 'Л',
  m: 'М',
  n: 'Н',
  o: 'О',
  p: 'П',
  r: 'Р',
  s: 'С',
  sh: 'Ш Щ',
  t: 'Т Ц',
  u: 'У',
  v: 'В',
  z: 'З',
};
