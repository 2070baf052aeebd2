import { html } from '../../text/html.ts';
import { type TimeUnit, timeSince } from '../../text/times.ts';
import type { uz } from './uz.ts';

const SHRUNK = { users: 'Зрители', anime: 'Аниме', anime_parts: 'Серии' };

export const ru: typeof uz = {
  ago: (milliseconds) => {
    const { count, unit } = timeSince(milliseconds);
    const [one, few, many] = AGO[unit];
    const isTeen = count % 100 >= 11 && count % 100 <= 14;
    const last = count % 10;
    const word = isTeen ? many : last === 1 ? one : last >= 2 && last <= 4 ? few : many;
    return `${count} ${word} назад`;
  },
  staleButton: () => 'Эта кнопка устарела. Отправьте код аниме или нажмите /start.',
  notUnderstood: () => html`Не понял. Отправьте код аниме (например, <code>1</code>) или нажмите /help.`,
  unknownCommand: () => html`Такой команды нет. Команды админа: /commands`,
  answerLost: () => 'Из-за сбоя в Telegram наш ответ до вас не дошёл. Ваш запрос принят.',
  updatesWait: (count) =>
    html`⏳ Telegram не отвечал, поэтому без ответа остались сообщения: <b>${count}</b>. Они сохранены, бот ответит на них сам, как только связь восстановится.`,
  updatesFailed: (count, error) =>
    html`⚠️ Не удалось ответить на сообщения: <b>${count}</b>.\nПричина: ${error}\nОни не потеряны: /admin → «Без ответа».`,
  deaf: (reason) =>
    html`🔇 <b>Бот не получает сообщений</b> или не получал их.\nПричина: ${reason}\nПроверьте, что BOT_TOKEN не использует другая программа и что PUBLIC_URL верен. Для Worker: <code>npm run deploy</code>.`,
  backupFailed: (reason) =>
    html`🔴 <b>Резервная копия не сделана.</b>\nПричина: ${reason}\nДругие копии эта попытка не трогала. Проверить: /test, повторить: /backup.`,
  backupDamaged: (reason) =>
    html`🔴 <b>База данных повреждена.</b>\nПричина: ${reason}\nЭта копия сохранена, но проверенной не считается; прежние исправные копии не удаляются. Что делать, написано в docs/operations.md.`,
  backupAsks: (removing, of) =>
    html`⚠️ <b>Удаление старых копий остановлено</b>: исчезло бы больше половины (${removing} из ${of}).\nЕсли согласны, выполните на сервере <code>npm run backup -- prune</code>.`,
  backupProblem: (reason) =>
    html`⚠️ <b>Резервная копия сделана и проверена</b>, но затем возникла проблема: ${reason}`,
  backupShrunk: ({ name, than, table, before, after }) =>
    html`⚠️ <b>В новой резервной копии стало намного меньше данных.</b>\n${SHRUNK[table]}: в <code>${name}</code> ${after}, в предыдущей <code>${than}</code> ${before}.\nЕсли это удалили не нарочно, остановите бота и восстановите: <code>npm run backup -- restore ${than} --replace</code>`,
  copyFailing: (left, reason) =>
    html`⚠️ <b>Резервные копии не копируются во второе хранилище</b> (в очереди: ${left}).\nПричина: ${reason}\nКопии в первом хранилище на месте. Бот попробует ещё раз сам.`,
  copyLate: (left, reason) =>
    html`🔴 <b>Второе хранилище отстаёт больше суток</b> (не хватает копий: ${left}).\nПричина: ${reason}\nПроверьте его настройки: docs/operations.md.`,
  copyWhole: () => html`✅ Во втором хранилище снова есть все резервные копии.`,
  plainStay: () => html` Только незашифрованные остаются в первом: они открываются без ключа.`,
  storedAltered: (names, count) =>
    html`🚨 <b>Файл в хранилище подменён.</b> Там не то, что сохранил бот (файлов: ${count}):\n<code>${names.join('\n')}</code>\nВо второе хранилище он не скопирован. Возможно, ключ первого хранилища попал в чужие руки: смените ключ, затем сделайте новую копию: /backup`,
  storedMended: (names, count) =>
    html`🩹 <b>Сохранённый файл был повреждён или пропал</b> и восстановлен из другого хранилища, где он цел (файлов: ${count}):\n<code>${names.join('\n')}</code>\nНичего не потеряно. Проверьте, надёжны ли диск и хранилище.`,
  storedRotten: (names, count) =>
    html`🔴 <b>Сохранённый файл повреждён</b>, и целого нет ни в одном хранилище (файлов: ${count}):\n<code>${names.join('\n')}</code>\nСама база цела. Сделайте новую копию: /backup`,
  drillFailed: (name, reason) =>
    html`🔴 <b>Не удалось пробно восстановить резервную копию:</b> <code>${name}</code>\nПричина: ${reason}\nСделайте новую копию: /backup, затем на сервере <code>npm run backup -- drill</code>.`,
  drillSealed: (name, reason) =>
    html`🔑 <b>Пробное восстановление: копия не открыта:</b> <code>${name}</code>\nКлюч или пароль не подходит; что сама копия повреждена, не установлено.\n<code>${reason}</code>`,
  nothingSaved: (reason) =>
    html`🔴 <b>В базу нельзя записать.</b>\nПричина: ${reason}\nНичего не сохраняется, сообщения ждут в Telegram до 24 часов.`,
  savedAgain: () => html`✅ База снова записывается.`,
  changesWait: (minutes, count) =>
    html`⚠️ <b>Изменения не уходят в хранилище уже ${minutes} мин.</b> (ждут: ${count}).\nНичего не потеряно: они лежат в базе и уйдут позже. Узнать причину: /test`,
  changesCaughtUp: () => html`✅ Изменения снова уходят в хранилище.`,
  changesForked: (until, command) =>
    html`⚠️ <b>В хранилище есть изменения этой базы, которых в ней самой нет</b> (до ${until}): вернули старый файл или журнал, или с копией этой базы работает ещё один бот.\nБот продолжает с тем, что есть; эти изменения остаются в хранилище. Если они нужны, остановите бота и выполните: <code>${command}</code> (сначала сохраняется нынешняя база). Если второй бот не нужен, остановите его.`,
  changesLost: () =>
    html`⚠️ <b>Записи о некоторых изменениях потеряны</b>: кто-то удалил их из базы или из хранилища.\nСама база цела. Бот сделает новую полную копию, как только сможет (или: <code>npm run backup -- full</code>); некоторые минуты до неё вернуть нельзя.`,
  databaseEmpty: (name) =>
    html`🔴 <b>База данных пуста</b>, а в хранилище есть резервная копия этого бота: <code>${name}</code>.\nБот не работает и ничего не записывает. Проверьте настройку <code>DATABASE_URL</code> или восстановите базу: <code>npm run backup -- restore --at 0m</code>`,
  databaseLost: (path, rescued) =>
    html`🔴 <b>Файл базы данных или его журнал исчез или подменён:</b> <code>${path}</code>\nБот ничего не записывает.${rescued === undefined ? '' : html` Спасённая копия: <code>${rescued}</code>.`}\nЕсли пропал её диск, сначала верните диск на место и перезапустите бота. Иначе остановите бота и откройте docs/operations.md.`,
};

const AGO: Readonly<Record<TimeUnit, readonly [one: string, few: string, many: string]>> = {
  day: ['день', 'дня', 'дней'],
  hour: ['час', 'часа', 'часов'],
  minute: ['минуту', 'минуты', 'минут'],
  second: ['секунду', 'секунды', 'секунд'],
};
