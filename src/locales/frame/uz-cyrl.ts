import { html } from '../../text/html.ts';
import { type TimeUnit, timeSince } from '../../text/times.ts';
import type { uz } from './uz.ts';

const SHRUNK = { users: 'Томошабинлар', anime: 'Анимелар', anime_parts: 'Қисмлар' };

export const uzCyrl: typeof uz = {
  ago: (milliseconds) => {
    const { count, unit } = timeSince(milliseconds);
    return `${count} ${AGO[unit]} олдин`;
  },
  staleButton: () => 'Бу тугма эскирган. Аниме кодини юборинг ёки /start босинг.',
  notUnderstood: () => html`Тушунмадим. Аниме кодини (масалан, <code>1</code>) юборинг ёки /help босинг.`,
  unknownCommand: () => html`Бундай буйруқ йўқ. Админ буйруқлари: /commands`,
  answerLost: () => 'Telegram’даги узилиш сабабли жавобимиз сизга етиб бормади. Сўровингиз қабул қилинган.',
  updatesWait: (count) =>
    html`⏳ Telegram жавоб бермагани учун <b>${count}</b> та хабар жавобсиз қолди. Улар сақланди: алоқа тикланиши билан бот ўзи жавоб беради.`,
  updatesFailed: (count, error) =>
    html`⚠️ <b>${count}</b> та хабарга жавоб бериб бўлмади.\nСабаби: ${error}\nХабарлар йўқолмади: /admin → «Жавобсиз хабарлар».`,
  deaf: (reason) =>
    html`🔇 <b>Бот хабарларни олмаяпти</b> ёки олмай қолган эди.\nСабаби: ${reason}\nBOT_TOKEN’дан бошқа дастур фойдаланмасин; PUBLIC_URL тўғрилигини текширинг. Worker бўлса: <code>npm run deploy</code>.`,
  backupFailed: (reason) =>
    html`🔴 <b>Захира нусха олинмади.</b>\nСабаби: ${reason}\nБу уриниш бошқа нусхаларга тегмади. Текшириш: /test, қайта уриниш: /backup`,
  backupDamaged: (reason) =>
    html`🔴 <b>Маълумотлар базаси бузилган.</b>\nСабаби: ${reason}\nБу нусха сақлаб қўйилди, лекин текширилган эмас; ундан олдинги яхши нусхалар ўчирилмайди. Нима қилиш кераклиги docs/owners-guide.uz.md файлида ёзилган.`,
  backupAsks: (removing, of) =>
    html`⚠️ <b>Эски нусхаларни ўчириш тўхтатилди</b>, чунки ярмидан кўпи ўчиб кетарди (${of} тадан ${removing} таси).\nРози бўлсангиз, серверда <code>npm run backup -- prune</code> буйруғини беринг.`,
  backupProblem: (reason) =>
    html`⚠️ <b>Захира нусха олинди ва текширилди</b>, лекин кейинги ишда муаммо чиқди: ${reason}`,
  backupShrunk: ({ name, than, table, before, after }) =>
    html`⚠️ <b>Янги захира нусхада маълумот кескин камайган.</b>\n${SHRUNK[table]}: <code>${name}</code> нусхасида ${after} та, ундан олдинги <code>${than}</code> нусхасида ${before} та.\nАтайин ўчирилмаган бўлса, ботни тўхтатинг ва тикланг: <code>npm run backup -- restore ${than} --replace</code>`,
  copyFailing: (left, reason) =>
    html`⚠️ <b>Захира нусхаларнинг иккинчи омборга кўчирилиши тўхтаб қолди</b> (навбатда: ${left} та).\nСабаби: ${reason}\nБиринчи омбордаги нусхалар жойида. Бот ўзи қайта уринади.`,
  copyLate: (left, reason) =>
    html`🔴 <b>Иккинчи омбор бир кундан кўп вақтдан бери орқада</b> (етишмайди: ${left} та нусха).\nСабаби: ${reason}\nСозламаларини текширинг: docs/owners-guide.uz.md.`,
  copyWhole: () => html`✅ Иккинчи омборда яна барча захира нусхалар бор.`,
  plainStay: () => html` Фақат шифрланмаганлари биринчисида қолади: улар калитсиз очилади.`,
  storedAltered: (names, count) =>
    html`🚨 <b>Омбордаги файл алмаштирилган.</b> Бот сақлаган нарса у ерда эмас (${count} та):\n<code>${names.join('\n')}</code>\nИккинчи омборга кўчирилмади. Биринчи омборнинг калити бегона қўлга тушган бўлиши мумкин: калитни алмаштиринг, сўнг янги нусха олинг: /backup`,
  storedMended: (names, count) =>
    html`🩹 <b>Омборда бузилган ёки йўқолган файл топилди</b> ва бошқа омбордаги бутун нусхаси билан тикланди (${count} та):\n<code>${names.join('\n')}</code>\nҲеч нарса йўқолмади. Диск ёки омбор ишончлилигини текширинг.`,
  storedRotten: (names, count) =>
    html`🔴 <b>Омборда бузилган файл топилди</b>, бутун нусхаси ҳеч қаерда йўқ (${count} та):\n<code>${names.join('\n')}</code>\nБазанинг ўзи бутун. Янги нусха олинг: /backup`,
  drillFailed: (name, reason) =>
    html`🔴 <b>Захира нусхани синов учун тиклаб бўлмади:</b> <code>${name}</code>\nСабаби: ${reason}\nҲозир янги нусха олинг: /backup, сўнг серверда <code>npm run backup -- drill</code> буйруғини беринг.`,
  drillSealed: (name, reason) =>
    html`🔑 <b>Захира нусхани синов учун очиб бўлмади:</b> <code>${name}</code>\nКалит ёки парол мос эмас, нусханинг ўзи бузилгани маълум эмас.\n<code>${reason}</code>`,
  nothingSaved: (reason) =>
    html`🔴 <b>Базага ёзиб бўлмаяпти.</b>\nСабаби: ${reason}\nҲеч нарса сақланмаяпти, хабарлар Telegramда 24 соатгача кутади.`,
  savedAgain: () => html`✅ Базага яна ёзиляпти.`,
  changesWait: (minutes, count) =>
    html`⚠️ <b>Ўзгаришлар ${minutes} дақиқадан бери омборга юборилмаяпти</b> (${count} та кутяпти).\nҲеч нарса йўқолмади: улар базада турибди ва кейин юборилади. Сабабини билиш: /test`,
  changesCaughtUp: () => html`✅ Ўзгаришлар яна омборга юбориляпти.`,
  changesForked: (until, command) =>
    html`⚠️ <b>Омборда шу базанинг ўзида йўқ ўзгаришлар бор</b> (${until} гача): эски файл ёки журнал қайтариб қўйилган ёки шу базанинг нусхаси билан яна бир бот ишлаяпти.\nБот бор нарсаси билан ишлайверади, ўша ўзгаришлар омборда туради. Улар керак бўлса, ботни тўхтатиб, буни бажаринг: <code>${command}</code> (у аввал ҳозирги базани сақлаб қўяди). Иккинчи бот керак бўлмаса, уни тўхтатинг.`,
  changesLost: () =>
    html`⚠️ <b>Айрим ўзгаришларнинг ёзуви йўқолган</b>: кимдир уларни базадан ёки омбордан ўчирган.\nБазанинг ўзи бутун. Бот янги тўлиқ нусхани имкон бўлиши билан олади (ёки: <code>npm run backup -- full</code>); ундан олдинги айрим дақиқаларни қайтариб бўлмайди.`,
  databaseEmpty: (name) =>
    html`🔴 <b>Маълумотлар базаси бўш</b>, омборда эса шу ботнинг захира нусхаси бор: <code>${name}</code>.\nБот ишламаяпти ва ҳеч нарса ёзмаяпти. <code>DATABASE_URL</code> созламасини текширинг ёки базани тикланг: <code>npm run backup -- restore --at 0m</code>`,
  databaseLost: (path, rescued) =>
    html`🔴 <b>Маълумотлар базаси файли ёки унинг журнали йўқолди ёки алмаштирилди:</b> <code>${path}</code>\nБот ҳеч нарса ёзмаяпти.${rescued === undefined ? '' : html` Қутқарилган нусха: <code>${rescued}</code>.`}\nДиски чиқариб олинган бўлса, аввал дискни жойига қўйинг ва ботни қайта ишга туширинг. Бўлмаса ботни тўхтатинг: нима қилиш кераклиги docs/owners-guide.uz.md файлида ёзилган.`,
};

const AGO: Readonly<Record<TimeUnit, string>> = {
  day: 'кун',
  hour: 'соат',
  minute: 'дақиқа',
  second: 'сония',
};
