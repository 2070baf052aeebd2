import { html } from '../../../text/html.ts';
import type { uz } from './uz.ts';

export const uzCyrl: typeof uz = {
  // Buttons.
  pause: () => '⏸ Кейинроқ',
  resume: () => '▶️ Давом эттириш',
  drop: () => '🗑 Қораламани ўчириш',
  finish: (parts) => `✅ Тугатиш (${parts})`,
  withoutParts: () => '⏭ Қисмсиз давом этиш',
  undoLast: () => '↩️ Охиргисини олиб ташлаш',
  takeCode: (code) => `✅ ${code} — бўш код`,
  goOn: () => '▶️ Давом этиш',
  publish: () => '✅ Тайёр, қўшилсин',
  changeTitle: () => '✏️ Номи',
  changeDescription: () => '📝 Тавсиф',
  changePhoto: () => '🖼 Расм',
  changeParts: (parts) => `🎞 Қисмлар: ${parts}`,
  changeCode: (code) => `🔢 Код: ${code}`,
  changeGroups: (count) => `📣 Жойланадиган гуруҳлар: ${count}`,
  saveParts: (parts) => `✅ Сақлаш (${parts})`,
  changeNumber: () => '🔢 Рақамини ўзгартириш',
  yesDrop: () => '🗑 Ҳа, ўчирилсин',
  no: () => '↩️ Йўқ',
  drafts: () => '🗂 Қораламалар',
  addAnother: () => '➕ Яна аниме қўшиш',
  edit: () => '✏️ Таҳрирлаш',
  // Screens.
  askDescription: (parts) =>
    html`➕ <b>Янги аниме</b>\n\n1️⃣ Аниме тавсифини юборинг: матн ёки <b>изоҳли расм</b>.\nБиринчи қатор аниме номи бўлади.${parts === 0 ? '' : `\n\n🎞 ${parts} та қисм қабул қилинди ва сақлаб турилибди.`}`,
  askNewDescription: () => html`📝 Янги тавсифни юборинг: матн ёки изоҳли расм.`,
  photoKept: () => html`🖼 Расм сақланди. Энди тавсиф матнини юборинг.`,
  askParts: (title) =>
    html`✅ Тавсиф сақланди: <b>${title}</b>\n\n2️⃣ Энди қисмларни юборинг (видео ёки mkv файл): битталаб ёки ҳаммасини бирдан. Қисмлар хабарлар тартибида рақамланади.`,
  askMoreParts: (title, first) =>
    html`🎞 <b>${title}</b> учун қисмларни юборинг (видео ёки mkv файл): битталаб ёки ҳаммасини бирдан.\n\nБиринчиси <b>${first}-қисм</b> бўлади.`,
  partsSoFar: (title, parts, repeated) =>
    html`🎞 <b>${title}</b>\n<b>${parts}</b> та қисм қабул қилинди.${repeated === 0 ? '' : `\n♻️ ${repeated} та такрорий видео келди, ҳар бир видео бир марта сақланди.`}\n\nЯна юборинг ёки «Тугатиш»ни босинг.`,
  morePartsSoFar: (title, first, last, repeated) =>
    html`🎞 <b>${title}</b>\n<b>${last - first + 1}</b> та қисм қабул қилинди: ${first === last ? `у ${first}-қисм` : `улар ${first}–${last}-қисмлар`} бўлади.${repeated === 0 ? '' : `\n♻️ ${repeated} та такрорий видео келди, ҳар бир видео бир марта сақланди.`}\n\nЯна юборинг ёки «Сақлаш»ни босинг. Ҳозирча томошабинларга кўринмайди.`,
  askCode: () =>
    html`3️⃣ Аниме <b>кодини</b> юборинг (1 дан 999999 гача) ёки таклиф қилинган бўш кодни танланг.`,
  badCode: () => html`Код 1 дан 999999 гача бўлган сон бўлиши керак.`,
  codeTaken: (code, title, isTrashed) =>
    html`❌ <b>${code}</b>-код банд: «${title}»${isTrashed ? ' (саватда; саватдан бутунлай ўчгач бўшайди)' : ''}.\nБошқа код юборинг.`,
  askGroups: () => html`4️⃣ Аниме қайси гуруҳ ва каналларга жойлансин? Белгиланг ва «Давом этиш»ни босинг.`,
  noGroups: () =>
    html`4️⃣ Ҳали бирорта ҳам гуруҳ ёки канал қўшилмаган. Ҳозирча жойламасдан давом этиш мумкин, кейин ҳам жойласа бўлади.`,
  askTitle: () => html`✏️ Аниме номини юборинг.`,
  askPhoto: () => html`🖼 Расмни юборинг.`,
  textNotExpected: () => html`Бу босқичда матн керак эмас — ҳеч нарса ўзгармади.`,
  videoWanted: () => html`Қисм учун видео ёки mkv файл керак — ҳеч нарса ўзгармади.`,
  untitled: () => 'Номсиз',
  moved: () => 'Бу тугма олдинги босқичга тегишли. Ҳозирги ҳолат қуйида.',
  gone: () => 'Бу қоралама энди йўқ: у тугатилган ёки ўчирилган.',
  partGone: () => 'Охирги қисм олиб ташланди.',
  // Waiting, leaving, throwing away.
  paused: (title, parts) =>
    html`⏸ Қоралама сақланди: <b>${title}</b>, ${parts} та қисм. Исталган пайт давом эттиришингиз мумкин.`,
  waiting: (title, parts) => html`⏸ Бу қоралама кутиб турибди: <b>${title}</b>, ${parts} та қисм.`,
  cancelled: () => html`Бекор қилинди. Ҳеч нарса ўзгармади.`,
  nothingToCancel: () => html`Бекор қилинадиган иш йўқ. Бошқарув панели: /admin`,
  list: () => html`🗂 <b>Қораламалар</b>\nДавом эттириш учун танланг.`,
  noDrafts: () => html`🗂 Қораламалар йўқ.`,
  listed: (title, parts, isOpen) => `${isOpen ? '▶️' : '⏸'} ${title} · ${parts} қисм`,
  askDrop: (title, parts) =>
    html`🗑 <b>${title}</b> қораламаси (${parts} та қисм) ўчирилсинми? Видеолар шу чатда қолаверади.`,
  dropped: () => html`🗑 Қоралама ўчирилди.`,
  // The end.
  published: (title, code, parts) =>
    html`✅ <b>${title}</b> қўшилди.\n🔢 Код: <code>${code}</code>\n🎞 Қисмлар: <b>${parts}</b> та`,
  partsPublished: (title, first, last) =>
    html`✅ <b>${title}</b>: ${first === last ? `${first}-қисм` : `${first}–${last}-қисмлар`} қўшилди.`,
  noPartsYet: () => 'Ҳали бирорта ҳам қисм келмади.',
  numberTaken: (number) =>
    html`❌ ${number}-қисм аллақачон бор. Бошқа рақам юборинг. Видеоларингиз сақланган.`,
  askNumber: () => html`🔢 Биринчи видеонгиз нечанчи қисм? Рақамини юборинг (масалан, <code>13</code>).`,
  badNumber: () => html`Қисм рақами 1 дан 100000 гача бўлган сон бўлиши керак.`,
  animeGone: () => html`Бу аниме топилмади ёки саватда.`,
};
