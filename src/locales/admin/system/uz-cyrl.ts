import { html } from '../../../text/html.ts';
import type { uz } from './uz.ts';

export const uzCyrl: typeof uz = {
  // Buttons.
  panel: () => '🏠 Бошқарув панели',
  workFailed: (command: string) =>
    html`❌ Бу иш бу серверда охирига етмади. Компьютерда бажаринг: <code>${command}</code>`,
  addAnime: () => '➕ Аниме қўшиш',
  catalogue: () => '✏️ Таҳрирлаш',
  drafts: (count) => `🗂 Қораламалар${count === 0 ? '' : ` (${count})`}`,
  trash: () => '🗑 Сават',
  groups: () => '📣 Гуруҳ, каналлар',
  channels: () => '🔒 Мажбурий обуна',
  broadcast: () => '📨 Хабар тарқатиш',
  stats: () => '📊 Статистика',
  people: () => '👥 Фойдаланувчилар',
  admins: () => '🛡 Админлар',
  audit: () => '📜 Амаллар тарихи',
  export: () => '📤 Экспорт',
  selfTest: () => '🩺 Текширув',
  backups: () => '💾 Захира нусхалар',
  back: () => '🔙 Орқага',
  no: () => '↩️ Йўқ',
  stop: () => '✖️ Бекор қилиш',
  // Screens.
  panelText: (anime, users) =>
    html`🏠 <b>Бошқарув панели</b>\n\n🎬 Анимелар: <b>${anime}</b>\n👥 Фойдаланувчилар: <b>${users}</b>\n\nАнимени таҳрирлаш учун кодини ёзинг, масалан: <code>/edit 1</code>\nБарча буйруқлар: /commands`,
  commandsTitle: () => 'Админ буйруқлари',
  /** In the order of the list. */
  commandList: () => ({
    admin: 'бошқарув панели',
    add: 'аниме қўшиш',
    edit: 'анимени таҳрирлаш (масалан, /edit 1)',
    drafts: 'қораламалар',
    cancel: 'бошланган ишдан чиқиш (ҳеч нарса йўқолмайди)',
    groups: 'гуруҳ ва каналлар',
    channels: 'мажбурий обуна каналлари',
    broadcast: 'хабар тарқатиш',
    stats: 'статистика',
    analytics: 'графиклар',
    top: 'кўп кўрилганлар',
    users: 'фойдаланувчилар',
    admins: 'админлар',
    audit: 'амаллар тарихи',
    trash: 'сават',
    export: 'каталогни файл қилиб олиш',
    backup: 'ҳозир захира нусха олиш',
    backups: 'захира нусхалар',
    archive: 'файллар нусхаси сақланадиган канал',
    test: 'ботни текшириш',
  }),
  failures: (count) => `⚠️ Жавобсиз хабарлар (${count})`,
  failuresRetry: () => '🔁 Қайта уриниш',
  failuresDrop: () => '🗑 Рўйхатдан олиб ташлаш',
  failuresEmpty: () => html`✅ Жавобсиз хабар йўқ.`,
  failuresRetried: () => 'Бир дақиқа ичида қайта уринилади.',
  failuresText: (lines) =>
    html`⚠️ <b>Жавобсиз хабарлар</b>\n\n${lines}\n\n⏳ белгилисига бот ўзи қайта уринади.`,
  failureLine: (count, waits, error, at) =>
    html`${waits ? '⏳' : '❌'} ${count} та, охиргиси ${at}: ${error}`,
  // Export.
  exported: (anime) =>
    html`📤 Каталог: <b>${anime}</b> та аниме, барча қисмлари билан. Бу файлни кейин қайта импорт қилиш мумкин.`,
  exportTooLarge: () =>
    html`❌ Каталог Telegram учун жуда катта (50 МБ дан ортиқ). Компьютерда олинг: <code>npm run backup -- export</code>`,
  // Self-test.
  again: () => '🔄 Қайта текшириш',
  finding: (state, text) => html`${state === 'fine' ? '✅' : state === 'poor' ? '⚠️' : '❌'} ${text}`,
  selfTestResult: (lines, troubles) =>
    html`🩺 <b>Текширув</b>: ${troubles === 0 ? 'ҳаммаси жойида' : `${troubles} та муаммо бор`}\n\n${lines}`,
  checkFailed: (name, error) => html`${CHECK_NAME[name] ?? name} текшириб бўлмади: ${error}`,
  databaseFine: (ms) => html`База: ёзилди ва қайта ўқилди (${ms} мс).`,
  databaseLacks: (what) =>
    html`База тўлиқ эмас: ${what}. Нима қилиш кераклиги docs/owners-guide.uz.md файлида ёзилган.`,
  telegramFine: (username) => html`Telegram: жавоб беряпти, бот @${username}.`,
  otherBot: (username) =>
    html`Telegram: BOT_TOKEN бошқа ботники (@${username}). BOT_INFO ва BOT_TOKEN созламаларини мосланг.`,
  polling: (pending) => html`Хабарлар Telegramдан сўраб олинмоқда, навбатда ${pending} та.`,
  webhookFine: (pending) => html`Webhook ишлаяпти, навбатда ${pending} та.`,
  webhookMissing: (kinds) =>
    html`Webhook айрим хабарларни олмаяпти: <code>${kinds}</code>. <code>npm run deploy</code> ни қайта бажаринг.`,
  webhookError: (error, past) =>
    html`Webhook: ${past} хато бўлган: ${error}. Такрорланса, сервер журналига қаранг.`,
  webhookSlow: (pending) => html`Webhook: ${pending} та хабар навбатда турибди, бот улгурмаяпти.`,
  bucketFine: (count) => html`Захира омбори: очилади, ${count} та нусха бор.`,
  bucketKeepsDeleted: (count) =>
    html`Захира омбори: очилади, ${count} та нусха бор. У ўчирилган файлларнинг эски версияларини сақлаб қолади: улар жой эгаллайди ва ҳақи тўланади. Омбор созламаларида эски версияларни ўчирадиган <code>lifecycle</code> қоидасини қўшинг.`,
  backupFine: (past, isBeforeImport) =>
    html`Охирги текширилган захира нусха: <b>${past}</b>.${isBeforeImport ? ' У импорт олдидан олинган: импорт бажарилган бўлса, импорт қилинганлар унда йўқ. Янги нусха олинг: /backup' : ''}`,
  oldBackup: (past) =>
    html`Охирги текширилган захира нусха эскирган: <b>${past}</b>. /backup босинг; такрорланса, омбор созламаларини текширинг.`,
  damagedBackup: (name, reason) =>
    html`Охирги захира нусха (<code>${name}</code>) бузилган. Нима қилиш кераклиги docs/owners-guide.uz.md файлида ёзилган.\nСабаби: ${reason}`,
  unopenedBackup: (name, reason) =>
    html`Охирги захира нусхани (<code>${name}</code>) созламалардаги калит ёки парол очмади. Калит тўғрилигини текширинг, сўнг /backup босинг.\nСабаби: ${reason}`,
  damagedDatabase: (name, reason) =>
    html`Бот базаси бузилган, охирги марта захира нусха олинмади (<code>${name}</code>). Нима қилиш кераклиги docs/owners-guide.uz.md файлида ёзилган.\nСабаби: ${reason}`,
  changesFine: () => html`Ўзгаришлар омборга юбориляпти: исталган дақиқага қайтариш мумкин.`,
  changesWait: (since, count, why) =>
    html`Ўзгаришлар ${since} дан бери омборга юборилмаяпти (${count} та кутяпти; улар базада турибди). ${why === null ? 'Омбор жавоб бераётганини текширинг; аниқ сабаби сервер журналида.' : html`Аввал тўлиқ захира нусха олиниши керак (${why}): /backup босинг.`}`,
  missed: (until, command, accept) =>
    html`Омборда базада йўқ ўзгаришлар бор (${until} гача). Уларни қайтариш учун ботни тўхтатиб, буни бажаринг: <code>${command}</code>\nУлар керак бўлмаса: <code>${accept}</code>`,
  rescued: (command, accept) =>
    html`База ёнида бот қутқарган нусха турибди, унда бошқа жойда йўқ ёзувлар бўлиши мумкин. Уни ишлатиш учун ботни тўхтатиб, буни бажаринг: <code>${command}</code>\nУ керак бўлмаса: <code>${accept}</code>`,
  copyFine: () => html`Иккинчи омбор: барча захира нусхалар у ерда ҳам бор.`,
  copyBehind: (left, reason) =>
    html`Иккинчи омбор: ${left} та нусха ҳали кўчирилмаган.${reason === null ? '' : html`\nСабаби: ${reason}`}`,
  copyLate: (left, reason) =>
    html`Иккинчи омбор бир кундан кўп вақтдан бери орқада (${left} та нусха етишмайди). Созламаларини текширинг: docs/owners-guide.uz.md.${reason === null ? '' : html`\nСабаби: ${reason}`}`,
  noBackup: () => html`Ҳали текширилган захира нусха йўқ. /backup босинг.`,
  scheduleFine: () => html`Жадвал бўйича ишлар бажарилмоқда.`,
  scheduleBegins: () => html`Бот ҳозиргина ишга тушди: жадвал бўйича ишлар бир-икки дақиқада бошланади.`,
  scheduleSilent: () =>
    html`Жадвал бўйича ишлар бажарилмаяпти: хабар тарқатиш ва захира ўзи ишламайди. Cloudflare’да жадвал (cron) ёқилганини, серверда дастур ишлаб турганини текширинг.`,
  chatsFine: () => html`Каналлар, гуруҳлар ва хабарлар: муаммо йўқ.`,
  chatTrouble: (names) =>
    html`Бот бу ерларда ишлай олмаяпти: ${names}. /groups ёки /channels да «Текшириб янгилаш»ни босинг.`,
  unanswered: (count) => html`${count} та хабарга хато туфайли жавоб берилмаган (улар базада сақланган).`,
};

const CHECK_NAME: Readonly<Record<string, string>> = {
  database: 'Базани',
  telegram: 'Telegramни',
  webhook: 'Webhookни',
  bucket: 'Захира омборини',
  backup: 'Охирги захира нусхани',
  changes: 'Ўзгаришлар юборилишини',
  missed: 'Базада етишмаётган ёзувларни',
  copy: 'Иккинчи омборни',
  schedule: 'Жадвални',
  chats: 'Канал ва гуруҳларни',
};
