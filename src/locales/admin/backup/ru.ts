import { type Html, html, join } from '../../../html.ts';
import type { BackupFacts, uz } from './uz.ts';

export const ru: typeof uz = {
  // Buttons.
  now: () => '💾 Сделать копию сейчас',
  links: () => '⬇️ Скачать',
  check: () => '🔎 Проверить',
  sendHere: () => '📨 Прислать сюда',
  listed: (takenAt, size, isVerified) => `${isVerified ? '✅' : '⚠️'} ${takenAt} · ${size}`,
  // Screens.
  list: (total) => html`💾 <b>Резервные копии</b>: ${total}\nВыберите, чтобы посмотреть подробно.`,
  empty: () => html`💾 Резервных копий ещё нет.`,
  started: () => html`💾 Делаю резервную копию…`,
  reading: (rows, percent) =>
    html`💾 Делаю резервную копию: прочитано строк: ${rows}${percent === null ? '' : ` (${percent}%)`}…`,
  proving: (percent) => html`🔎 Проверяю копию${percent === null ? '' : `: ${percent}%`}…`,
  cleaning: () => html`🧹 Навожу порядок среди старых копий…`,
  done: (facts) => html`✅ <b>Резервная копия готова и проверена</b>\n\n${describe(facts)}`,
  facts: (facts) =>
    html`💾 <b>Резервная копия</b> <code>${facts.name}</code>\n${facts.isVerified ? '✅ проверена' : html`⚠️ непригодна: ${facts.problem ?? '?'}`}\n\n${describe(facts)}`,
  failed: (reason) =>
    html`❌ <b>Резервная копия не получилась.</b>\nПричина: <code>${reason}</code>\nДругие копии эта попытка не трогала.`,
  duplicate: () => html`ℹ️ Копия только что сделана, новая не нужна.`,
  busy: () =>
    html`⏳ Сейчас делается другая копия. Ваш запрос в очереди: он начнётся после неё, итог появится здесь.`,
  gone: () => 'Этой копии в хранилище нет.',
  linkList: (files) =>
    html`⬇️ <b>Ссылки для скачивания</b> — работают 15 минут, никому их не давайте.\n\n${join(
      files.map(({ name, size, url }) => html`📄 <b>${name}</b> (${size})\n${url}`),
      '\n\n',
    )}`,
  checking: () => html`🔎 Читаю копию из хранилища и проверяю…`,
  sound: (name, isOpened) =>
    html`✅ <code>${name}</code> цела: прочитан и совпал каждый байт.${isOpened ? ' Содержимое тоже открыто.' : ' (Зашифрована, ключа у бота нет, поэтому содержимое не открывалось.)'}`,
  unsound: (name, problems) =>
    html`❌ <code>${name}</code> повреждена:\n${join(
      problems.slice(0, 10).map((problem) => html`• ${problem}`),
      '\n',
    )}`,
  tooLarge: () => 'Файл слишком велик для Telegram (больше 50 MB). Воспользуйтесь кнопкой «Скачать».',
  file: (name) => html`💾 ${name}`,
};

function describe(facts: BackupFacts): Html {
  const files = facts.files.map(({ name, size }) => html`📄 ${name} — ${size}`);
  const rows = facts.rows.map(({ table, rows: count }) => html`${table}: ${count}`);
  return html`🕓 ${facts.takenAt}\n📦 ${facts.size}${facts.seconds === null ? '' : `, за ${facts.seconds} с`}${facts.isEncrypted ? '\n🔐 зашифрована' : ''}${facts.isPinned ? '\n📌 закреплена' : ''}\n${join(files, '\n')}\n\n${join(rows, ' · ')}`;
}
