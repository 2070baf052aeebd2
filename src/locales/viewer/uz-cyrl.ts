import { type Html, html, join } from '../../html.ts';
import type { uz } from './uz.ts';

export const uzCyrl: typeof uz = {
  greeting: (name) =>
    html`Ассалому алайкум, <b>${name}</b>! 👋\n\nБу бот орқали аниме томоша қилишингиз мумкин. Шунчаки ёзиб юборинг:\n• аниме <b>кодини</b>, масалан <code>12</code>\n• ёки <b>номини</b>, масалан <code>naruto</code>\n\nЁки қуйидагилардан бирини танланг 👇`,
  menu: () => '🏠 Меню',
  newest: () => '🆕 Янги анимелар',
  mostViewed: () => '🔥 Кўп кўрилганлар',
  byName: () => '🔤 Алифбо бўйича',
  random: () => '🎲 Тасодифий',
  favourites: () => '⭐ Севимлилар',
  history: () => '🕘 Тарих',
  following: () => '🔔 Кузатаётганларим',
  language: () => '🌐 Тил',
  continueTitle: (title, part) => `▶️ Давом эттириш: ${title}, ${part}-қисм`,
  help: (commands, who) =>
    join(
      [
        html`<b>Қандай фойдаланилади</b>\n`,
        html`• Аниме <b>кодини</b> юборинг — аниме очилади.`,
        html`• Кодини билмасангиз, <b>номини</b> ёзинг: лотинча ёки кириллча, хато ёзсангиз ҳам топамиз.`,
        html`• «Анимени кўриш» — қисмлар рўйхати. Қисм рақамини боссангиз, видео очилади.`,
        html`• «Севимлиларга» — анимени сақлаб қўйиш, «Кузатиш» — янги қисм чиққанда хабар олиш.`,
        ...(who.inlineName === undefined
          ? []
          : [
              html`• Дўстларга улашиш: исталган чатда <code>@${who.inlineName} naruto</code> — бот номидан кейин аниме номини ёзинг.`,
            ]),
        html`\n<b>Буйруқлар</b>`,
        ...commands.map(({ command, description }) => html`/${command} — ${description}`),
        ...(who.isAdmin ? [html`\n<b>Админ</b>\n/admin — бошқарув панели`] : []),
      ],
      '\n',
    ),
  commands: () => ({
    start: 'бошлаш, меню',
    history: 'тарих ва давом эттириш',
    favourites: 'севимлилар',
    following: 'кузатаётганларим',
    new: 'янги анимелар',
    popular: 'кўп кўрилганлар',
    az: 'алифбо бўйича',
    random: 'тасодифий аниме',
    language: 'тилни танлаш',
    help: 'ёрдам',
  }),
  emptyCatalogue: () => html`Ҳозирча аниме қўшилмаган. Кейинроқ кириб кўринг.`,
  chooseLanguage: () => html`🌐 Тилни танланг:`,
  languageName: () => 'Ўзбекча',
  languageChosen: () => '✅ Бот тили: ўзбекча (кирилл)',
  languageSet: () => html`✅ Бот тили: <b>ўзбекча (кирилл)</b>`,

  gateAsk: () =>
    html`🔒 Ботдан фойдаланиш учун қуйидаги каналларга обуна бўлинг, сўнг <b>Текшириш</b> тугмасини босинг 👇`,
  gateMissing: (names) =>
    html`❗️ Ҳали обуна бўлмагансиз:\n${bold(names)}\n\nОбуна бўлиб, яна <b>Текшириш</b> тугмасини босинг 👇`,
  gateAlert: (names) => `Ҳали обуна бўлмагансиз: ${names.join(', ')}`,
  gatePassed: () => '✅ Давом этишингиз мумкин.',
  check: () => '🔄 Текшириш',
  banned: () => html`⛔️ Админлар сизни блоклаган: бот энди жавоб бермайди.`,
  slowDown: () => 'Жуда тез-тез юборяпсиз 🙂 Бир дақиқадан кейин давом этинг.',

  untitled: (code) => `Аниме ${code}`,
  codeLine: (code) => html`🔢 Код: <code>${code}</code>`,
  cardFacts: (facts) =>
    join(
      [
        html`🔢 Код: <code>${facts.code}</code>`,
        ...(facts.parts === null ? [] : [html`🎞 Қисмлар: <b>${facts.parts}</b> та`]),
        ...(facts.year === null ? [] : [html`📅 Йил: <b>${facts.year}</b>`]),
        ...(facts.genres === null || facts.genres === '' ? [] : [html`🎭 Жанр: ${facts.genres}`]),
        ...(facts.views === 0 ? [] : [html`👁 Кўришлар: <b>${facts.views}</b>`]),
      ],
      '\n',
    ),
  watch: () => '▶️ Анимени кўриш',
  continueAt: (part) => `⏯ Давом эттириш: ${part}-қисм`,
  more: () => '📖 Давоми',
  share: () => '↗️ Улашиш',
  another: () => '🎲 Бошқаси',
  favourite: (isOn) => (isOn ? '★ Севимлиларда' : '☆ Севимлиларга'),
  favouriteSaid: (isOn) => (isOn ? '⭐ Севимлиларга қўшилди' : 'Севимлилардан олиб ташланди'),
  follow: (isOn) => (isOn ? '🔕 Кузатишни тўхтатиш' : '🔔 Кузатиш'),
  followSaid: (isOn) =>
    isOn ? '🔔 Янги қисм чиқса, хабар берамиз' : '🔕 Бу аниме ҳақида энди хабар бермаймиз',
  unknownCode: (code, hasNear) =>
    html`<b>${code}</b> кодли аниме топилмади.\n${hasNear ? 'Балки шулардан бирини қидираётгандирсиз? Номини ёзиб ҳам топишингиз мумкин.' : 'Кодни текшириб, қайта юборинг ёки номини ёзинг.'}`,
  badCode: () =>
    html`Аниме коди 1 дан 999999 гача бўлган сон. Кодни текшириб, қайта юборинг ёки номини ёзинг.`,
  gone: () => 'Бу аниме энди мавжуд эмас.',

  noPartsYet: () => html`Қисмлар ҳали қўшилмаган.`,
  choosePart: (watched) =>
    watched === null ? html`Қисмни танланг:` : html`Қисмни танланг (👁 — охирги кўрганингиз):`,
  part: (number) => `${number}-қисм`,
  playing: (number, code) => html`🎬 <b>${number}-қисм</b>\n🔢 Код: <code>${code}</code>`,
  partGone: (number) => `${number}-қисм энди мавжуд эмас. Қисмлар рўйхатини қайта очинг.`,
  fileTrouble: (title, number) =>
    html`😔 <b>${title}</b>, ${number}-қисм: видеони ҳозирча очиб бўлмади.\nАдминларга хабар бердик. Бошқа қисмларни кўришингиз мумкин.`,
  pageOf: (page, pages) => `${page} / ${pages}`,
  left: () => '⬅️ Чап',
  right: () => 'Ўнг ➡️',
  back: () => '🔙 Орқага',
  allParts: () => '📋 Қисмлар',

  found: (count) => html`🔎 <b>${count}</b> та аниме топилди. Кераклисини танланг:`,
  nothingFound: (query) =>
    html`🔎 «<b>${query}</b>» бўйича ҳеч нарса топилмади.\n\nБошқачароқ ёзиб кўринг, кодини юборинг ёки қуйидагидан танланг:`,
  browseTitle: (order) =>
    ({
      newest: html`🆕 <b>Янги анимелар</b>`,
      viewed: html`🔥 <b>Кўп кўрилганлар</b>`,
      name: html`🔤 <b>Алифбо бўйича</b>`,
    })[order],
  letters: () => '🔤 Бошқа ҳарф',
  chooseLetter: () => html`🔤 Қайси ҳарфдан бошлансин?`,
  alphabet: () => CYRILLIC_LETTERS,
  personalList: (list, isEmpty) =>
    ({
      history: isEmpty
        ? html`🕘 <b>Тарих</b> ҳозирча бўш.\n\nБирор қисмни очинг — у шу ерда сақланади, кейин давом эттирасиз.`
        : html`🕘 <b>Тарих</b>\nОхирги кўрганларингиз. ▶️ — кейинги қисм:`,
      favourites: isEmpty
        ? html`⭐ <b>Севимлилар</b> ҳозирча бўш.\n\nАниме остидаги «☆ Севимлиларга» тугмасини босинг.`
        : html`⭐ <b>Севимлилар</b>`,
      follows: isEmpty
        ? html`🔔 Ҳозирча ҳеч бир анимени <b>кузатмаяпсиз</b>.\n\nАниме остидаги «🔔 Кузатиш» тугмасини босинг: янги қисм чиқса, хабар берамиз.`
        : html`🔔 <b>Кузатаётганларим</b>\nБу анимеларга янги қисм чиқса, хабар берамиз:`,
    })[list],

  newParts: (title, first, last, count) =>
    count === 1
      ? html`🔔 <b>${title}</b>\nЯнги қисм қўшилди: <b>${first}-қисм</b>`
      : html`🔔 <b>${title}</b>\nЯнги қисмлар қўшилди: <b>${count}</b> та (${first}–${last})`,

  groupHint: () => html`Ботдан шахсий чатда фойдаланинг 👇`,
  openInBot: () => '▶️ Ботда очиш',
  inlineHint: (code) => `Код: ${code} — улашиш учун босинг`,
  inlineNothing: () => 'Ҳеч нарса топилмади. Ботни очиш',

  noticeChannelUnchecked: (name, reason) =>
    html`⚠️ <b>${name}</b> каналида обунани текшириб бўлмаяпти.\nСабаби: ${reason}\n\nҲозирча бу каналга обуна текширилмайди, ҳамма ўтади. Ботни каналга <b>админ</b> қилинг ёки канални рўйхатдан олиб ташланг: /admin`,
  noticeChannelLink: (name) =>
    html`⚠️ <b>${name}</b> каналининг очиладиган ҳаволаси йўқ ёки нотўғри.\n\nҲозирча бу каналга обуна сўралмайди. Ҳаволасини янгиланг: /admin`,
  noticeFile: (code, part, reason) =>
    html`⚠️ Telegram сақланган файлни қабул қилмади: код <code>${code}</code>, ${part === null ? 'расм' : `${part}-қисм`}.\nСабаби: ${reason}\n\nБот токени алмашган бўлса, бошқа файллар ҳам очилмаслиги мумкин: уларни янги ботга қайта юбориш керак. Бу ҳақда кунига бир марта хабар берилади.`,
};

function bold(names: readonly string[]): Html {
  return join(
    names.map((name) => html`• <b>${name}</b>`),
    '\n',
  );
}

const CYRILLIC_LETTERS = {
  '0': '0–9',
  a: 'А',
  b: 'Б',
  ch: 'Ч',
  d: 'Д',
  e: 'Е Э',
  f: 'Ф',
  g: 'Г Ғ',
  h: 'Х Ҳ',
  i: 'И Ю Я',
  j: 'Ж',
  k: 'К Қ',
  l: 'Л',
  m: 'М',
  n: 'Н',
  o: 'О Ў',
  p: 'П',
  r: 'Р',
  s: 'С',
  sh: 'Ш',
  t: 'Т',
  u: 'У',
  v: 'В',
  z: 'З',
};
