import { html } from '../../../text/html.ts';
import type { uz } from './uz.ts';

export const uzCyrl: typeof uz = {
  // Buttons.
  byCode: () => '🔢 Код бўйича очиш',
  title: () => '✏️ Номи',
  description: () => '📝 Тавсиф',
  photo: () => '🖼 Расм',
  genres: () => '🏷 Жанр',
  year: () => '📅 Йил',
  aliases: () => '🔎 Бошқа номлари',
  code: () => '🔢 Код',
  parts: (count) => `🎞 Қисмлар (${count})`,
  addParts: () => '➕ Қисм қўшиш',
  look: () => '👁 Кўриш',
  delete: () => '🗑 Ўчириш',
  restore: () => '♻️ Тиклаш',
  photoOff: () => '🚫 Расмни олиб ташлаш',
  replace: () => '🔁 Видеони алмаштириш',
  move: () => '↕️ Бошқа рақамга ўтказиш',
  deletePart: () => '🗑 Қисмни ўчириш',
  deleteKeeping: () => '🗑 Ўчирилсин, рақамлар қолсин',
  deleteShifting: () => '🗑 Ўчирилсин, кейингилари сурилсин',
  swap: (from, to) => `🔀 ${from} ва ${to} алмашсин`,
  insert: (from) => `⤵️ ${from} шу ерга, орадагилар сурилсин`,
  yesTrash: () => '🗑 Ҳа, ўчирилсин',
  listed: (code, title, parts) => `${code} · ${title} (${parts})`,
  trashed: (title, days) => `♻️ ${title} · ${days} кун`,
  // Screens.
  list: () =>
    html`✏️ <b>Қайси аниме таҳрирланади?</b>\nЯнгилари юқорида. Кодини билсангиз: <code>/edit 12</code>`,
  emptyList: () => html`Ҳали бирорта ҳам аниме қўшилмаган.`,
  facts: (facts) =>
    html`${facts.isTrashed ? '🗑 Саватда: ' : '✏️ '}<b>${facts.title}</b>\n\n🔢 Код: <code>${facts.code}</code>\n🎞 Қисмлар: <b>${facts.parts}</b> та\n👁 Кўришлар: <b>${facts.views}</b>\n🏷 Жанр: ${facts.genres}\n📅 Йил: ${facts.year}\n🔎 Бошқа номлари: ${facts.aliases}`,
  saved: () => html`✅ Сақланди.`,
  notSaved: () => html`❌ Сақланмади: бу аниме топилмади ёки саватда.`,
  notFound: (code, hasNear) =>
    html`<b>${code}</b> кодли аниме топилмади.${hasNear ? ' Яқин кодлар қуйида.' : ''}`,
  nothingFound: (wanted) =>
    html`«<b>${wanted}</b>» бўйича ҳеч нарса топилмади. Аниме коди ёки номи билан юборинг, масалан: <code>/edit 1</code>`,
  codeWas: (old, code) => html`<b>${old}</b> коди ўзгартирилган: бу аниме энди <b>${code}</b> кодида.`,
  gone: () => 'Бу аниме топилмади ёки саватда.',
  partGone: () => 'Бу қисм энди йўқ.',
  // Questions.
  askAnime: () => html`🔢 Аниме кодини ёки номини юборинг.`,
  askTitle: (title) => html`✏️ <b>${title}</b>: янги номини юборинг.`,
  askDescription: (title) => html`📝 <b>${title}</b>: янги тавсифни юборинг (матн ёки изоҳли расм).`,
  askPhoto: (title) => html`🖼 <b>${title}</b>: янги расмни юборинг.`,
  askGenres: (title) =>
    html`🏷 <b>${title}</b>: жанрларни юборинг (масалан: <i>саргузашт, фантастика</i>). Олиб ташлаш учун «<code>-</code>» белгисини юборинг.`,
  askYear: (title) =>
    html`📅 <b>${title}</b>: чиққан йилини юборинг (масалан: <code>2007</code>). Олиб ташлаш учун «<code>-</code>» белгисини юборинг.`,
  askAliases: (title) =>
    html`🔎 <b>${title}</b>: бошқа номларини юборинг, ҳар қаторда биттадан. Аниме шу номлар билан ҳам топилади. Олиб ташлаш учун «<code>-</code>» белгисини юборинг.`,
  askCode: (title, code) =>
    html`🔢 <b>${title}</b>: янги кодни юборинг (ҳозиргиси: ${code}).\nЭски кодли ҳаволалар ишламай қолади, эски тугмалар эса ишлайверади.`,
  askReplace: (title, number) => html`🔁 <b>${title}</b>, ${number}-қисм: янги видеони юборинг.`,
  askNumber: (title, number) =>
    html`↕️ <b>${title}</b>, ${number}-қисм: қайси рақамга ўтсин? Рақамни юборинг.`,
  wantsText: () => html`Бу ерга матн юборинг.`,
  wantsPhoto: () => html`Бу ерга расм юборинг.`,
  wantsVideo: () => html`Бу ерга видео ёки mkv файл юборинг.`,
  wantsCode: () => html`Код 1 дан 999999 гача бўлган сон бўлиши керак.`,
  wantsYear: () => html`Йил тўрт хонали сон бўлиши керак, масалан <code>2007</code>.`,
  wantsNumber: () => html`Қисм рақами 1 дан 100000 гача бўлган сон бўлиши керак.`,
  codeTaken: (code, title, isTrashed) =>
    html`❌ <b>${code}</b>-код банд: «${title}»${isTrashed ? ' (саватда; саватдан бутунлай ўчгач бўшайди)' : ''}. Бошқа код юборинг.`,
  codeChanged: (from, to) => html`✅ Код ўзгарди: ${from} → <b>${to}</b>.`,
  // Parts.
  partList: (title) => html`🎞 <b>${title}</b>\nҚисмни танланг:`,
  part: (title, number) => html`🎞 <b>${title}</b>, <b>${number}-қисм</b>`,
  partReplaced: (number) => html`✅ ${number}-қисмнинг видеоси алмаштирилди.`,
  numberTaken: (to) => html`${to}-қисм аллақачон бор. Нима қиламиз?`,
  partMoved: (number) => html`✅ Бу энди ${number}-қисм.`,
  askDeletePart: (title, number, hasLater) =>
    html`🗑 <b>${title}</b>, ${number}-қисм ўчирилсинми? Буни қайтариб бўлмайди.${hasLater ? '\n\nКейинги қисмларнинг рақами қандай бўлсин?' : ''}`,
  partDeleted: (number) => html`✅ ${number}-қисм ўчирилди.`,
  // Trash.
  askTrash: (title, days) =>
    html`🗑 <b>${title}</b> ўчирилсинми?\n\nТомошабинларга дарҳол кўринмай қолади ва ${days} кун саватда туради: шу вақт ичида тиклаш мумкин. Коди ҳам шу пайтгача банд бўлиб туради.`,
  trashedNow: (title, days) => html`🗑 <b>${title}</b> саватга ташланди. ${days} кун ичида тиклаш мумкин.`,
  restored: (title) => html`♻️ <b>${title}</b> тикланди.`,
  notTrashed: () => 'Бу аниме саватда йўқ.',
  yesPurge: () => '🗑 Ҳа, бутунлай ўчирилсин',
  askPurge: (title, code, parts) =>
    html`🗑 <b>${title}</b> (код ${code}, ${parts} та қисм) бутунлай ўчирилсинми? Буни қайтариб бўлмайди. Коди бўшайди.`,
  purged: (title) => html`🗑 <b>${title}</b> бутунлай ўчирилди.`,
  purgedSoon: (title) => html`🗑 <b>${title}</b>: кўришлари жуда кўп, бир соат ичида бутунлай ўчади.`,
  trashList: () => html`🗑 <b>Сават</b>\nТиклаш учун танланг. Ёнида неча кун қолгани ёзилган.`,
  emptyTrash: () => html`🗑 Сават бўш.`,
  none: () => '—',
};
