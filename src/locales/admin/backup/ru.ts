import { type Html, html, join } from '../../../text/html.ts';
import { measures } from '../../measures.ts';
import { TABLES } from '../imports/ru.ts';
import type { BackupFacts, uz } from './uz.ts';

const { decimal, size } = measures(',', ['Б', 'КБ', 'МБ', 'ГБ']);

export const ru: typeof uz = {
  // Buttons.
  now: () => '💾 Сделать копию сейчас',
  links: () => '⬇️ Скачать',
  check: () => '🔎 Проверить',
  sendHere: () => '📨 Прислать сюда',
  listed: ({ takenAt, bytes, isVerified, plain, trigger }) =>
    `${isVerified && plain === null ? '✅' : '⚠️'} ${takenAt} · ${size(bytes)}${BEFORE[trigger ?? ''] === undefined ? '' : ` · ${BEFORE[trigger ?? '']}`}`,
  // Screens.
  list: (total) => html`💾 <b>Резервные копии</b>: ${total}\nВыберите, чтобы посмотреть подробно.`,
  copy: (state, left, hours) =>
    state === 'whole'
      ? html`\n📦 Второе хранилище: всё на месте.`
      : html`\n${state === 'late' ? '🔴' : '⏳'} Второе хранилище: не хватает копий — ${left}${hours === null ? '' : `, уже ${decimal(hours)} ч`}.`,
  reach: ({ since, to, before, pending, minutes }) =>
    html`Можно вернуться к любой минуте с ${since}${to === null ? '' : html` по ${to}`}${before === null ? '' : html` (раньше есть пробел: ${before})`}${to === null ? '' : '; для более поздних минут сначала нужна полная резервная копия'}${pending === 0 ? '' : `; последние изменения (${pending}) ещё не отправлены в хранилище${minutes === 0 ? '' : `, уже ${minutes} мин.`}`}.`,
  reachOff: () =>
    html`Изменения не записываются (<code>CHANGES=off</code>): вернуться теперь можно только ко времени резервных копий.`,
  reachNone: () =>
    html`Пока можно вернуться только ко времени резервных копий. К любой минуте — после следующей резервной копии.`,
  empty: () => html`💾 Резервных копий ещё нет.`,
  started: () => html`💾 Делаю резервную копию…`,
  reading: (rows, percent) =>
    html`💾 Делаю резервную копию: прочитано строк: ${rows}${percent === null ? '' : ` (${percent}%)`}…`,
  proving: (percent) => html`🔎 Проверяю копию${percent === null ? '' : `: ${percent}%`}…`,
  cleaning: () => html`🧹 Навожу порядок среди старых копий…`,
  done: (facts) => html`✅ <b>Резервная копия готова и проверена</b>\n\n${describe(facts)}`,
  facts: (facts) =>
    html`💾 <b>Резервная копия</b> <code>${facts.name}</code>\n${facts.isVerified ? html`✅ проверена${facts.plain === null ? '' : html`\n⚠️ ${facts.plain}`}` : html`⚠️ не проверена${facts.problem === null ? '' : html`: ${facts.problem}`}`}\n\n${describe(facts)}`,
  failed: (reason) =>
    html`❌ <b>Резервная копия не сделана.</b>\nПричина: ${reason}\nДругие копии эта попытка не трогала.`,
  duplicate: () => html`ℹ️ Копия только что сделана, новая не нужна.`,
  busy: () =>
    html`⏳ Сейчас делается другая копия. Ваш запрос в очереди: он начнётся после неё, итог появится здесь.`,
  unseen: (reason) =>
    html`⚠️ <b>Хранилище резервных копий сейчас недоступно.</b>\nПричина: ${reason}\nПопробуйте ещё раз чуть позже.`,
  gone: () => 'Этой копии в хранилище нет.',
  linkList: (files, isLocal) =>
    html`⬇️ <b>Ссылки для скачивания</b> — работают 15 минут, никому их не давайте.${isLocal ? '\n⚠️ Они открываются только на компьютере, где работает бот: PUBLIC_URL не задан. Чтобы получить файл здесь, нажмите «Прислать сюда».' : ''}\n\n${join(
      files.map(({ name, bytes, url }) => html`📄 <b>${name}</b> (${size(bytes)})\n${url}`),
      '\n\n',
    )}`,
  checking: () => html`🔎 Читаю копию из хранилища и проверяю…`,
  sound: (name, isOpened) =>
    html`✅ <code>${name}</code> исправна: сверен каждый байт${isOpened ? ', содержимое тоже открыто и проверено.' : '. (Зашифрована, ключа у бота нет, поэтому содержимое не открывалось.)'}`,
  unsound: (name, problems) =>
    html`❌ <code>${name}</code> повреждена:\n${join(
      problems.slice(0, 10).map((problem) => html`• ${problem}`),
      '\n',
    )}`,
  tooLarge: () => 'Файл слишком велик для Telegram (больше 50 МБ). Воспользуйтесь кнопкой «Скачать».',
  file: (name) => html`💾 ${name}`,
};

/** What a backup was made for: it is not the newest state once that is done. */
const BEFORE: Readonly<Record<string, string>> = {
  restore: 'перед восстановлением',
  import: 'перед импортом',
  migration: 'перед обновлением',
  deploy: 'перед обновлением',
};

function describe(facts: BackupFacts): Html {
  const before = BEFORE[facts.trigger ?? ''];
  const files = facts.files.map(({ name, bytes }) => html`📄 ${name} — ${size(bytes)}`);
  const rows = facts.rows.map(({ table, rows: count }) => html`${TABLES[table] ?? table}: ${count}`);
  return html`🕓 ${facts.takenAt} (${facts.zone}; время в названии — UTC)\n📦 ${size(facts.bytes)}${facts.seconds === null ? '' : ` · ⏱ ${decimal(facts.seconds)} с`}${before === undefined ? '' : `\n↩️ сделана ${before}`}${facts.isEncrypted ? '\n🔐 зашифрована' : ''}${facts.isPinned ? '\n📌 оставлена навсегда (не удаляется)' : ''}\n${join(files, '\n')}\n\n${join(rows, ' · ')}`;
}
