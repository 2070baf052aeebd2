import { type Html, html, join } from '../../../text/html.ts';
import { TABLES } from '../imports/uz-cyrl.ts';
import type { MomentChange, uz } from './uz.ts';

export const uzCyrl: typeof uz = {
  // Buttons.
  open: () => '🕰 Олдинги ҳолатни кўриш',
  tenMinutes: () => '10 дақиқа олдин',
  oneHour: () => '1 соат олдин',
  yesterday: () => 'Кеча шу вақтда',
  other: () => '🕰 Бошқа вақт',
  near: (time) => `🕰 ${time} ҳолати`,
  sendHere: () => '📨 Шу ерга юбориш',
  stop: () => '⛔️ Тўхтатиш',
  // Screens.
  ask: (zone) =>
    html`🕰 <b>Базанинг қайси пайтдаги ҳолати керак?</b>\n\nТугмани босинг ёки вақтни ёзинг: <code>14:31</code> ёки <code>2026-11-27 14:31</code> (${zone}).\n\nЎша пайтдан бери нима ўзгарганини кўрасиз, кейин ўша пайтдаги база файлини олишингиз мумкин. Базанинг ўзига тегилмайди.`,
  noTime: () => html`❗️ Вақтни тушуниб бўлмади.`,
  ahead: () => html`❗️ Бу вақт ҳали келмаган.`,
  elsewhere: (isSealed) =>
    html`🕰 Буни фақат компьютерда бажариш мумкин: ${isSealed ? 'захира нусхаларнинг калити ботда йўқ' : 'бу серверда дискка файл ёзиб бўлмайди'}.\n\n15 дақиқа олдинги файлни олиш:\n<code>npm run backup -- download --at 15m</code>\nНима ўзгарганини кўриш учун <code>download</code> ўрнига <code>diff</code> ёзинг. Вақтни ҳам ёзиш мумкин: <code>"2026-11-27 14:31"</code>`,
  busy: () => '⏳ Ҳозир шундай сўровлардан бири бажарилмоқда. У тугагач, қайта уриниб кўринг.',
  finding: () => html`🔎 Керакли захира нусха қидирилмоқда…`,
  fetching: (percent) =>
    html`⬇️ Захира нусха ва ундан кейинги ўзгаришлар ўқилмоқда${percent === null ? '' : `: ${percent}%`}…`,
  comparing: () => html`⚖️ Ҳозирги база билан солиштирилмоқда…`,
  packing: () => html`📦 Файл тайёрланмоқда…`,
  stopped: () => html`↩️ Тўхтатилди. Базанинг ўзига тегилмади.`,
  notRunning: () => html`Бу сўров тугаган ёки тўхтаб қолган. Қайтадан бошлаш: /backups`,
  found: (time, zone, changes, notes, command) =>
    html`🕰 <b>${time} ҳолати</b> (${zone})\n\n${changes.length === 0 ? 'Ўша пайтдан бери базада ҳеч нарса ўзгармаган.' : html`Ўша пайтдан бери базада:\n${join(changes.map(line), '\n')}\n\nОрқага қайтарилса, шу ўзгаришлар бекор бўлади.`}${join(
      notes.map((note) => html`\n⚠️ <code>${note}</code>`),
      '',
    )}\n\nБазанинг ўзига тегилмади. Уни шу ҳолатга қайтариш учун аввал ботни тўхтатинг, кейин компьютерда бажаринг:\n<code>${command}</code>`,
  early: (earliest) =>
    earliest === null
      ? html`❌ Ҳали бирорта ҳам захира нусха йўқ. Олиш: /backup`
      : html`❌ <b>Ўша пайтдан олдин олинган захира нусха йўқ.</b>\nЭнг эрта вақт: ${earliest}`,
  gap: (time, reason, last) =>
    html`❌ <b>${time} ҳолатини қайтариб бўлмайди:</b> ${reason}.${last === null ? '' : html`\nУндан олдинги энг яқин вақт: ${last}`}`,
  failed: (reason, command) =>
    html`❌ <b>Бажариб бўлмади.</b>\nСабаби: ${reason}\nБазанинг ўзига тегилмади. Компьютерда бажариш:\n<code>${command}</code>`,
  tooLarge: (command) =>
    html`❌ Файл Telegram учун жуда катта (50 МБ дан ортиқ). Компьютерда бажаринг:\n<code>${command}</code>`,
  file: (time) => html`🕰 Базанинг ${time} ҳолати`,
  sent: (time) => html`✅ Базанинг ${time} ҳолати юборилди.`,
};

function line({ table, added, removed, changed }: MomentChange): Html {
  const counts = [
    ...(added === 0 ? [] : [`${added} та қўшилган`]),
    ...(removed === 0 ? [] : [`${removed} та ўчирилган`]),
    ...(changed === 0 ? [] : [`${changed} та ўзгарган`]),
  ];
  return html`• ${table === undefined ? 'Бошқа ёзувлар' : (TABLES[table] ?? table)}: ${counts.join(', ')}`;
}
