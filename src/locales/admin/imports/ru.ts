/** Texts of importing a file that an admin sent. */
import type { ImportReport } from '../../../backup/import/import.ts';
import { html } from '../../../text/html.ts';
import { describeReport, isAllThere, type ReasonTexts, reasonIn } from './report.ts';
import type { uz } from './uz.ts';

export const ru: typeof uz = {
  yes: () => '✅ Импортировать',
  working: () => '⏳ Делаю резервную копию и импортирую…',
  stop: () => '⛔️ Остановить',
  notRunning: () =>
    html`Импорт сейчас не идёт: он закончился или прервался. Отправьте файл ещё раз, станет видно, что изменится.`,
  looking: () => html`🔎 Файл читается…`,
  dropped: () => html`↩️ Импорт отменён. Ничего не изменилось.`,
  fileGone: () => 'Файл не найден. Отправьте его ещё раз.',
  wrongKind: () =>
    html`❌ Здесь бот принимает файлы <code>.json</code> и <code>.db</code>. Файл <code>.csv</code> импортируйте на компьютере: <code>npm run backup -- import файл --dry-run</code>\nАрхив (<code>.zip</code>) сначала распакуйте.`,
  tooLarge: () =>
    html`❌ Файл больше 20 МБ, бот не может его получить. Выполните на компьютере: <code>npm run backup -- import файл</code>`,
  unfit: (kind: 'encrypted' | 'database' | 'foreign') => UNFIT[kind],
  broken: (reason: string) =>
    html`❌ Файл повреждён: <code>${reason}</code>\nНичего не изменилось. Другие копии: /backups`,
  busy: () =>
    html`⏳ Сейчас импортируется другой файл. Отправьте этот ещё раз, когда тот закончится. Из этого файла ничего не изменилось.`,
  noBackup: (reason: string) =>
    html`❌ Сначала нужна резервная копия, но сделать её не удалось: <code>${reason}</code>\nПоэтому импорта не было, ничего не изменилось.`,
  plan: (report: ImportReport) =>
    html`📥 <b>Импорт: что изменится</b>\n\n${describeReport(report, WORDS)}\n\nПродолжить? Сначала делается резервная копия, из базы ничего не удаляется.`,
  nothingNew: (report: ImportReport) =>
    html`${isAllThere(report) ? '📥 Всё из этого файла уже есть в базе. Ничего не изменится.' : '📥 Этот файл ничего не изменит в базе.'}\n\n${describeReport(report, WORDS)}`,
  done: (report: ImportReport, backup: string) =>
    html`✅ <b>Импорт выполнен.</b>\n\n${describeReport(report, WORDS)}\n\nКопия прежнего состояния: <code>${backup}</code>`,
};

const UNFIT = {
  encrypted: html`❌ Файл зашифрован, ключа у бота нет. Выполните на компьютере: <code>npm run backup -- import файл</code>`,
  database: html`❌ Этот сервер не читает файлы .db. Отправьте копию в JSON или выполните на компьютере: <code>npm run backup -- import файл</code>`,
  foreign: html`❌ Это не файл этого бота. Если он от другого бота, на компьютере видно, что изменится: <code>npm run backup -- import файл --dry-run</code>`,
};

export const TABLES: Readonly<Record<string, string>> = {
  users: 'Пользователи',
  anime: 'Аниме',
  anime_parts: 'Серии',
  groups: 'Группы и каналы',
  mandatory_channels: 'Каналы обязательной подписки',
  anime_groups: 'Аниме в группах',
  user_history: 'История просмотров',
  favourites: 'Избранное',
  follows: 'Слежение за аниме',
  watch_progress: 'Где остановились',
  anime_views: 'Просмотры',
  counters: 'Статистика',
  audit_log: 'Журнал действий',
  admins: 'Админы',
};

const REASONS: ReasonTexts = {
  missing: 'отсутствует',
  'not-an-object': 'не объект',
  'not-a-list': 'не список',
  'is-a-list': 'список вместо значения',
  'is-an-object': 'объект вместо значения',
  'not-an-integer': 'не целое число',
  'is-no-integer': '{} — не целое число',
  'not-exact': '{} — не точное целое число',
  'too-large': '{} — слишком большое число',
  'not-a-number': 'не число',
  'not-a-text': 'не текст',
  'too-long': 'длиннее {} символов',
  'lone-surrogate': 'в тексте испорченный символ',
  'not-a-time': 'не дата',
  'is-no-time': '{} — не дата',
  'no-kind': '{} — неизвестный вид',
  'no-file-id': '{} — не файл Telegram',
  'no-chat-link': '{} — не ссылка на группу или канал Telegram',
  'of-an-admin': 'это админ бота: файл не может его заблокировать',
  nul: 'внутри символ NUL',
  'nul-removed': 'символ NUL убран',
  'not-utf8': 'внутри байты не в UTF-8',
  'not-utf8-replaced': 'байты не в UTF-8 заменены на �',
  'no-user-id': '{} — не номер пользователя (отрицательный — у группы)',
  'code-range': 'код {} не от 1 до 999999',
  'part-range': '{} не может быть номером серии',
  'anime-not-in-file': 'аниме {} нет в файле',
  'no-anime': 'нет аниме с кодом {}',
  'group-not-in-file': 'группы {} нет в файле',
  twice: 'встречается в файле дважды, впервые: {}',
};

const WORDS = {
  tables: TABLES,
  added: 'новых',
  changed: 'изменится',
  same: 'без изменений',
  kept: 'остаётся как в базе',
  refused: 'не взято',
  notTaken: 'Не взято',
  mended: 'Исправлено при импорте',
  leftAside: 'Не импортировано',
  reason: reasonIn(REASONS),
};
