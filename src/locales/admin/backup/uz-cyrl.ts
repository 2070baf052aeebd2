import { type Html, html, join } from '../../../text/html.ts';
import { measures } from '../../measures.ts';
import { TABLES } from '../imports/uz-cyrl.ts';
import type { BackupFacts, uz } from './uz.ts';

const { decimal, size } = measures(',', ['Б', 'КБ', 'МБ', 'ГБ']);

export const uzCyrl: typeof uz = {
  // Buttons.
  now: () => '💾 Ҳозир захира нусха олиш',
  links: () => '⬇️ Юклаб олиш',
  check: () => '🔎 Текшириш',
  sendHere: () => '📨 Шу ерга юбориш',
  listed: ({ takenAt, bytes, isVerified, plain, trigger }) =>
    `${isVerified && plain === null ? '✅' : '⚠️'} ${takenAt} · ${size(bytes)}${BEFORE[trigger ?? ''] === undefined ? '' : ` · ${BEFORE[trigger ?? '']}`}`,
  // Screens.
  list: (total) => html`💾 <b>Захира нусхалар</b>: ${total} та\nБатафсил кўриш учун танланг.`,
  copy: (state, left, hours) =>
    state === 'whole'
      ? html`\n📦 Иккинчи омбор: ҳаммаси жойида.`
      : html`\n${state === 'late' ? '🔴' : '⏳'} Иккинчи омбор: ${left} та нусха етишмайди${hours === null ? '' : `, ${decimal(hours)} соатдан бери`}.`,
  reach: ({ since, to, before, pending, minutes }) =>
    html`${since} дан ${to === null ? 'бери' : html`${to} гача`} исталган дақиқага қайтариш мумкин${before === null ? '' : html` (ундан олдин узилиш бор: ${before})`}${to === null ? '' : '; кейингиси учун аввал тўлиқ захира нусха олиниши керак'}${pending === 0 ? '' : `; охирги ${pending} та ўзгариш ҳали омборга юборилмаган${minutes === 0 ? '' : ` (${minutes} дақиқадан бери)`}`}.`,
  reachOff: () =>
    html`Ўзгаришлар ёзилмаяпти (<code>CHANGES=off</code>): энди фақат захира нусха олинган пайтларга қайтариш мумкин.`,
  reachNone: () =>
    html`Ҳозирча фақат захира нусха олинган пайтларга қайтариш мумкин. Исталган дақиқага қайтариш навбатдаги захира нусхадан бошланади.`,
  empty: () => html`💾 Ҳали бирорта ҳам захира нусха йўқ.`,
  started: () => html`💾 Захира нусха олинмоқда…`,
  reading: (rows, percent) =>
    html`💾 Захира нусха олинмоқда: ${rows} та қатор ўқилди${percent === null ? '' : ` (${percent}%)`}…`,
  proving: (percent) => html`🔎 Нусха текширилмоқда${percent === null ? '' : `: ${percent}%`}…`,
  cleaning: () => html`🧹 Эски нусхалар тартибга солинмоқда…`,
  done: (facts) => html`✅ <b>Захира нусха тайёр ва текширилди</b>\n\n${describe(facts)}`,
  facts: (facts) =>
    html`💾 <b>Захира нусха</b> <code>${facts.name}</code>\n${facts.isVerified ? html`✅ текширилган${facts.plain === null ? '' : html`\n⚠️ ${facts.plain}`}` : html`⚠️ текширилган эмас${facts.problem === null ? '' : html`: ${facts.problem}`}`}\n\n${describe(facts)}`,
  failed: (reason) =>
    html`❌ <b>Захира нусха олинмади.</b>\nСабаби: ${reason}\nБу уриниш бошқа нусхаларга тегмади.`,
  duplicate: () => html`ℹ️ Захира нусха ҳозиргина олинган, янгиси шарт эмас.`,
  busy: () =>
    html`⏳ Ҳозир бошқа захира нусха олинмоқда. Сизнинг сўровингиз навбатда: у тугагач бошланади ва натижаси шу ерга ёзилади.`,
  unseen: (reason) =>
    html`⚠️ <b>Захира нусхалар омборини ҳозир кўриб бўлмади.</b>\nСабаби: ${reason}\nБироздан кейин қайта уриниб кўринг.`,
  gone: () => 'Бу захира нусха омборда йўқ.',
  linkList: (files, isLocal) =>
    html`⬇️ <b>Юклаб олиш ҳаволалари</b> — 15 дақиқа ишлайди, бошқаларга берманг.${isLocal ? '\n⚠️ Улар фақат бот ишлаётган компьютерда очилади, чунки PUBLIC_URL ёзилмаган. Файлни бу ерда олиш учун «Шу ерга юбориш» тугмасини босинг.' : ''}\n\n${join(
      files.map(({ name, bytes, url }) => html`📄 <b>${name}</b> (${size(bytes)})\n${url}`),
      '\n\n',
    )}`,
  checking: () => html`🔎 Нусха омбордан ўқилиб, текширилмоқда…`,
  sound: (name, isOpened) =>
    html`✅ <code>${name}</code> текширилди: ҳар бир байт солиштирилди${isOpened ? ', ичидаги маълумотлар ҳам очиб кўрилди.' : '. (Шифрланган, калити ботда йўқ, шунинг учун ичи очилмади.)'}`,
  unsound: (name, problems) =>
    html`❌ <code>${name}</code> бузилган:\n${join(
      problems.slice(0, 10).map((problem) => html`• ${problem}`),
      '\n',
    )}`,
  tooLarge: () => 'Файл Telegram учун жуда катта (50 МБ дан ортиқ). «Юклаб олиш»дан фойдаланинг.',
  file: (name) => html`💾 ${name}`,
};

/** What a backup was made for: it is not the newest state once that is done. */
const BEFORE: Readonly<Record<string, string>> = {
  restore: 'тиклашдан олдин',
  import: 'импортдан олдин',
  migration: 'янгилашдан олдин',
  deploy: 'янгилашдан олдин',
};

function describe(facts: BackupFacts): Html {
  const before = BEFORE[facts.trigger ?? ''];
  const files = facts.files.map(({ name, bytes }) => html`📄 ${name} — ${size(bytes)}`);
  const rows = facts.rows.map(({ table, rows: count }) => html`${TABLES[table] ?? table}: ${count}`);
  return html`🕓 ${facts.takenAt} (${facts.zone}; номидаги вақт UTC)\n📦 ${size(facts.bytes)}${facts.seconds === null ? '' : ` · ⏱ ${decimal(facts.seconds)} сония`}${before === undefined ? '' : `\n↩️ ${before} олинган`}${facts.isEncrypted ? '\n🔐 шифрланган' : ''}${facts.isPinned ? '\n📌 сақлаб қўйилган (ўчирилмайди)' : ''}\n${join(files, '\n')}\n\n${join(rows, ' · ')}`;
}
