/** Texts of importing a file that an admin sent. */
import type { ImportReport } from '../../../backup/import.ts';
import { html } from '../../../html.ts';
import { describeReport, isAllThere } from './report.ts';
import type { uz } from './uz.ts';

export const ru: typeof uz = {
  yes: () => '✅ Импортировать',
  working: () => '⏳ Делаю резервную копию и импортирую…',
  dropped: () => html`↩️ Импорт отменён. Ничего не изменилось.`,
  fileGone: () => 'Файл не найден. Отправьте его ещё раз.',
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
  foreign: html`❌ Это не резервная копия бота: внутри нет ни JSON, ни базы SQLite.`,
};

const TABLES: Readonly<Record<string, string>> = {
  users: 'Пользователи',
  anime: 'Аниме',
  anime_parts: 'Серии',
  groups: 'Группы',
  mandatory_channels: 'Обязательные каналы',
  anime_groups: 'Аниме в группах',
  user_history: 'История просмотров',
  favourites: 'Избранное',
  follows: 'Подписки',
  watch_progress: 'Продолжить просмотр',
  anime_views: 'Просмотры',
  counters: 'Статистика',
  audit_log: 'Журнал действий',
};

const WORDS = {
  tables: TABLES,
  added: 'новых',
  changed: 'изменится',
  same: 'без изменений',
  kept: 'остаётся как в базе',
  refused: 'не взято',
  notTaken: 'Не взято',
  mended: 'Взято с изменениями',
  leftAside: 'Оставлено в стороне',
};
