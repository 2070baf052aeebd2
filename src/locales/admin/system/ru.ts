import { html } from '../../../text/html.ts';
import type { uz } from './uz.ts';

export const ru: typeof uz = {
  // Buttons.
  panel: () => '🏠 Панель',
  workFailed: (command: string) =>
    html`❌ На этом сервере это не удалось довести до конца. Выполните на компьютере: <code>${command}</code>`,
  addAnime: () => '➕ Добавить аниме',
  catalogue: () => '✏️ Редактировать',
  drafts: (count) => `🗂 Черновики${count === 0 ? '' : ` (${count})`}`,
  trash: () => '🗑 Корзина',
  groups: () => '📣 Группы и каналы',
  channels: () => '🔒 Подписка',
  broadcast: () => '📨 Рассылка',
  stats: () => '📊 Статистика',
  people: () => '👥 Пользователи',
  admins: () => '🛡 Админы',
  audit: () => '📜 Журнал действий',
  export: () => '📤 Выгрузка',
  selfTest: () => '🩺 Проверка',
  backups: () => '💾 Резервные копии',
  back: () => '🔙 Назад',
  no: () => '↩️ Нет',
  stop: () => '✖️ Отменить',
  // Screens.
  panelText: (anime, users) =>
    html`🏠 <b>Панель управления</b>\n\n🎬 Аниме: <b>${anime}</b>\n👥 Пользователей: <b>${users}</b>\n\nЧтобы отредактировать аниме, отправьте его код: <code>/edit 1</code>\nВсе команды: /commands`,
  commandsTitle: () => 'Команды админа',
  /** In the order of the list. */
  commandList: () => ({
    admin: 'панель управления',
    add: 'добавить аниме',
    edit: 'редактировать аниме (например, /edit 1)',
    drafts: 'черновики',
    cancel: 'выйти из начатого (ничего не пропадёт)',
    groups: 'группы и каналы',
    channels: 'каналы обязательной подписки',
    broadcast: 'рассылка',
    stats: 'статистика',
    analytics: 'графики',
    top: 'самое популярное',
    users: 'пользователи',
    admins: 'админы',
    audit: 'журнал действий',
    trash: 'корзина',
    export: 'выгрузить каталог файлом',
    backup: 'сделать резервную копию',
    backups: 'резервные копии',
    archive: 'канал с копиями файлов',
    test: 'проверить бота',
  }),
  failures: (count) => `⚠️ Без ответа (${count})`,
  failuresRetry: () => '🔁 Попробовать снова',
  failuresDrop: () => '🗑 Убрать из списка',
  failuresEmpty: () => html`✅ Сообщений без ответа нет.`,
  failuresRetried: () => 'Повторим в течение минуты.',
  failuresText: (lines) => html`⚠️ <b>Сообщения без ответа</b>\n\n${lines}\n\n⏳ бот повторит сам.`,
  failureLine: (count, waits, error, at) => html`${waits ? '⏳' : '❌'} ${count}, последнее ${at}: ${error}`,
  // Export.
  exported: (anime) =>
    html`📤 Каталог: аниме — <b>${anime}</b>, со всеми сериями. Этот файл можно потом загрузить обратно.`,
  exportTooLarge: () =>
    html`❌ Каталог слишком велик для Telegram (больше 50 МБ). Выгрузите на компьютере: <code>npm run backup -- export</code>`,
  // Self-test.
  again: () => '🔄 Проверить ещё раз',
  finding: (state, text) => html`${state === 'fine' ? '✅' : state === 'poor' ? '⚠️' : '❌'} ${text}`,
  selfTestResult: (lines, troubles) =>
    html`🩺 <b>Проверка</b>: ${troubles === 0 ? 'всё в порядке' : `проблем: ${troubles}`}\n\n${lines}`,
  checkFailed: (name, error) => html`Не удалось проверить ${CHECK_NAME[name] ?? name}: ${error}`,
  databaseFine: (ms) => html`База: записано и прочитано обратно (${ms} мс).`,
  databaseLacks: (what) => html`База неполная: ${what}. Откройте docs/operations.md.`,
  telegramFine: (username) => html`Telegram отвечает, бот @${username}.`,
  otherBot: (username) =>
    html`Telegram: BOT_TOKEN — от другого бота (@${username}). Приведите BOT_INFO и BOT_TOKEN в соответствие.`,
  polling: (pending) => html`Сообщения забираются из Telegram опросом, в очереди: ${pending}.`,
  webhookFine: (pending) => html`Webhook работает, в очереди: ${pending}.`,
  webhookMissing: (kinds) =>
    html`Webhook не получает часть обновлений: <code>${kinds}</code>. Выполните <code>npm run deploy</code> ещё раз.`,
  webhookError: (error, past) =>
    html`Webhook: ошибка ${past}: ${error}. Если повторяется, смотрите журнал сервера.`,
  webhookSlow: (pending) => html`Webhook: в очереди сообщений: ${pending}, бот не успевает.`,
  bucketFine: (count) => html`Хранилище копий открывается, копий: ${count}.`,
  bucketKeepsDeleted: (count) =>
    html`Хранилище копий открывается, копий: ${count}. Оно хранит и удалённое (версии): место занято и оплачивается. Добавьте там правило <code>lifecycle</code>, которое удаляет старые версии.`,
  backupFine: (past, isBeforeImport) =>
    html`Последняя проверенная копия: <b>${past}</b>.${isBeforeImport ? ' Она сделана перед импортом: если он прошёл, импортированного в ней нет. Сделайте новую: /backup' : ''}`,
  oldBackup: (past) =>
    html`Последняя проверенная копия устарела: <b>${past}</b>. Нажмите /backup; если повторится, проверьте настройки хранилища.`,
  damagedBackup: (name, reason) =>
    html`Последняя копия (<code>${name}</code>) повреждена. Что делать, написано в docs/operations.md.\nПричина: ${reason}`,
  unopenedBackup: (name, reason) =>
    html`Последняя копия (<code>${name}</code>) не открывается ключом или паролем из настроек. Проверьте ключ, затем нажмите /backup.\nПричина: ${reason}`,
  damagedDatabase: (name, reason) =>
    html`База бота повреждена, последняя копия не сделана (<code>${name}</code>). Что делать, написано в docs/operations.md.\nПричина: ${reason}`,
  changesFine: () => html`Изменения уходят в хранилище: вернуться можно к любой минуте.`,
  changesWait: (since, count, why) =>
    html`Изменения не уходят в хранилище с ${since} (ждут: ${count}; они лежат в базе). ${why === null ? 'Проверьте, отвечает ли хранилище; точная причина — в журнале сервера.' : html`Сначала нужна полная резервная копия (${why}): нажмите /backup.`}`,
  missed: (until, command, accept) =>
    html`В хранилище есть изменения, которых нет в базе (до ${until}). Чтобы вернуть их, остановите бота и выполните: <code>${command}</code>\nЕсли они не нужны: <code>${accept}</code>`,
  rescued: (command, accept) =>
    html`Рядом с базой лежит копия, которую спас бот: в ней может быть то, чего больше нигде нет. Чтобы взять её, остановите бота и выполните: <code>${command}</code>\nЕсли она не нужна: <code>${accept}</code>`,
  copyFine: () => html`Второе хранилище: все резервные копии есть и там.`,
  copyBehind: (left, reason) =>
    html`Второе хранилище: ещё не скопировано копий: ${left}.${reason === null ? '' : html`\nПричина: ${reason}`}`,
  copyLate: (left, reason) =>
    html`Второе хранилище отстаёт больше суток (не хватает копий: ${left}). Проверьте его настройки: docs/operations.md.${reason === null ? '' : html`\nПричина: ${reason}`}`,
  noBackup: () => html`Проверенных резервных копий ещё нет. Нажмите /backup.`,
  scheduleFine: () => html`Работы по расписанию идут.`,
  scheduleBegins: () => html`Бот только что запущен: работы по расписанию начнутся через минуту-две.`,
  scheduleSilent: () =>
    html`Работы по расписанию не идут: рассылки и копии сами не выполняются. Проверьте, что в Cloudflare включено расписание (cron), а на сервере работает программа.`,
  chatsFine: () => html`Каналы, группы и сообщения: проблем нет.`,
  chatTrouble: (names) =>
    html`Бот не может работать здесь: ${names}. Нажмите «Проверить и обновить» в /groups или /channels.`,
  unanswered: (count) => html`Сообщений без ответа из-за ошибки: ${count} (они сохранены в базе).`,
};

const CHECK_NAME: Readonly<Record<string, string>> = {
  database: 'базу',
  telegram: 'Telegram',
  webhook: 'webhook',
  bucket: 'хранилище копий',
  backup: 'последнюю копию',
  changes: 'отправку изменений',
  missed: 'записи, которых недостаёт в базе',
  copy: 'второе хранилище',
  schedule: 'расписание',
  chats: 'каналы и группы',
};
