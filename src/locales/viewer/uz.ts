/**
 * Texts for viewers. Words of the old bot's users: kod, qism, guruh, kanal, obuna, Tekshirish,
 * Animeni ko‘rish, Chap / O‘ng, Orqaga.
 */
import type { BotCommand } from 'grammy/types';
import { type Html, html, join } from '../../text/html.ts';

export interface CardFacts {
  readonly code: number;
  /** Null where the number would not stay true: a post in a channel. */
  readonly parts: number | null;
  readonly year: number | null;
  readonly genres: string | null;
  readonly views: number;
}

export interface HelpFor {
  readonly isAdmin: boolean;
  /** The bot's username where inline mode is on. */
  readonly inlineName: string | undefined;
}

export type PersonalList = 'history' | 'favourites' | 'follows';
export type BrowseOrder = 'newest' | 'viewed' | 'name';

export const uz = {
  // Menu and help
  greeting: (name: string): Html =>
    html`Assalomu alaykum, <b>${name}</b>! 👋\n\nBu bot orqali anime tomosha qilishingiz mumkin. Shunchaki yozib yuboring:\n• anime <b>kodini</b>, masalan <code>1</code>\n• yoki <b>nomini</b>, bir qismi ham yetadi\n\nYoki quyidagilardan birini tanlang 👇`,
  /** In an empty chat (512 characters at most), and on the bot's profile (120). */
  about: () =>
    '🎬 Anime tomosha qilish uchun bot.\n\nAnime kodini yoki nomini yuboring: qismlar shu yerda ochiladi. Sevimlilar, tarix va yangi qismlar haqida xabarlar ham bor.\n\nBoshlash uchun /start bosing 👇',
  aboutShort: () => '🎬 Anime kodini yoki nomini yuboring va tomosha qiling.',
  menu: () => '🏠 Menyu',
  newest: () => '🆕 Yangi animelar',
  mostViewed: () => '🔥 Ko‘p ko‘rilganlar',
  byName: () => '🔤 Alifbo bo‘yicha',
  random: () => '🎲 Tasodifiy',
  favourites: () => '⭐ Sevimlilar',
  history: () => '🕘 Tarix',
  following: () => '🔔 Kuzatayotganlarim',
  language: () => '🌐 Til',
  continueTitle: (title: string, part: number) => `▶️ Davom ettirish: ${title}, ${part}-qism`,
  help: (commands: readonly BotCommand[], who: HelpFor): Html =>
    join(
      [
        html`<b>Qanday foydalaniladi</b>\n`,
        html`• Anime <b>kodini</b> yuboring — anime ochiladi.`,
        html`• Kodini bilmasangiz, <b>nomini</b> yozing: lotincha yoki kirillcha, xato yozsangiz ham topamiz.`,
        html`• «Animeni ko‘rish» — qismlar ro‘yxati. Qism raqamini bossangiz, video ochiladi.`,
        html`• Qismni darhol ochish: anime kodi va qism raqamini birga yuboring, masalan <code>1 7</code>.`,
        html`• «Sevimlilarga» — animeni saqlab qo‘yish, «Kuzatish» — yangi qism chiqqanda xabar olish.`,
        ...(who.inlineName === undefined
          ? []
          : [
              html`• Do‘stlar bilan ulashish: istalgan suhbatda <code>@${who.inlineName}</code> deb yozing, keyin anime nomini qo‘shing.`,
            ]),
        html`\n<b>Buyruqlar</b>`,
        ...commands.map(({ command, description }) => html`/${command} — ${description}`),
        ...(who.isAdmin
          ? [html`\n<b>Admin</b>\n/admin — boshqaruv paneli\n/commands — barcha admin buyruqlari`]
          : []),
      ],
      '\n',
    ),
  commands: (): Readonly<Record<string, string>> => ({
    start: 'boshlash, menyu',
    history: 'tarix va davom ettirish',
    favourites: 'sevimlilar',
    following: 'kuzatayotganlarim',
    new: 'yangi animelar',
    popular: 'ko‘p ko‘rilganlar',
    az: 'alifbo bo‘yicha',
    random: 'tasodifiy anime',
    language: 'tilni tanlash',
    help: 'yordam',
  }),
  emptyCatalogue: (): Html => html`Hozircha anime qo‘shilmagan. Keyinroq kirib ko‘ring.`,
  chooseLanguage: (): Html => html`🌐 Tilni tanlang:`,
  languageName: () => 'O‘zbekcha',
  languageChosen: () => '✅ Bot tili: o‘zbekcha',
  languageSet: (): Html => html`✅ Bot tili: <b>o‘zbekcha</b>`,

  // Subscription gate
  gateAsk: (): Html =>
    html`🔒 Botdan foydalanish uchun quyidagi kanallarga obuna bo‘ling, so‘ng <b>Tekshirish</b> tugmasini bosing 👇`,
  gateMissing: (names: readonly string[]): Html =>
    html`❗️ Hali obuna bo‘lmagansiz:\n${bold(names)}\n\nObuna bo‘lib, yana <b>Tekshirish</b> tugmasini bosing 👇`,
  gateAlert: (names: readonly string[]) => `Hali obuna bo‘lmagansiz: ${names.join(', ')}`,
  gatePassed: () => '✅ Davom etishingiz mumkin.',
  check: () => '🔄 Tekshirish',
  banned: (): Html => html`⛔️ Adminlar sizni bloklagan: bot endi javob bermaydi.`,
  slowDown: () => 'Juda tez-tez yuboryapsiz 🙂 Bir daqiqadan keyin davom eting.',

  // Card
  untitled: (code: number) => `Anime ${code}`,
  codeLine: (code: number): Html => html`🔢 Kod: <code>${code}</code>`,
  cardFacts: (facts: CardFacts): Html =>
    join(
      [
        html`🔢 Kod: <code>${facts.code}</code>`,
        ...(facts.parts === null ? [] : [html`🎞 Qismlar: <b>${facts.parts}</b> ta`]),
        ...(facts.year === null ? [] : [html`📅 Yil: <b>${facts.year}</b>`]),
        ...(facts.genres === null || facts.genres === '' ? [] : [html`🎭 Janr: ${facts.genres}`]),
        ...(facts.views === 0 ? [] : [html`👁 Ko‘rishlar: <b>${facts.views}</b>`]),
      ],
      '\n',
    ),
  watch: () => '▶️ Animeni ko‘rish',
  continueAt: (part: number) => `⏯ Davom ettirish: ${part}-qism`,
  more: () => '📖 Davomi',
  share: () => '↗️ Ulashish',
  another: () => '🎲 Boshqasi',
  favourite: (isOn: boolean): string => (isOn ? '★ Sevimlilarda' : '☆ Sevimlilarga'),
  favouriteSaid: (isOn: boolean): string =>
    isOn ? '⭐ Sevimlilarga qo‘shildi' : 'Sevimlilardan olib tashlandi',
  follow: (isOn: boolean): string => (isOn ? '🔕 Kuzatishni to‘xtatish' : '🔔 Kuzatish'),
  followSaid: (isOn: boolean): string =>
    isOn ? '🔔 Yangi qism chiqsa, xabar beramiz' : '🔕 Bu anime haqida endi xabar bermaymiz',
  unknownCode: (code: number, hasNear: boolean): Html =>
    html`<b>${code}</b> kodli anime topilmadi.\n${hasNear ? 'Kodi eng yaqin animelar quyida. Nomini yozib ham topishingiz mumkin.' : 'Kodni tekshirib, qayta yuboring yoki nomini yozing.'}`,
  badCode: (): Html =>
    html`Anime kodi 1 dan 999999 gacha bo‘lgan son. Kodni tekshirib, qayta yuboring yoki nomini yozing.`,
  gone: () => 'Bu anime endi mavjud emas.',

  // Parts and player
  noPartsYet: (): Html => html`Qismlar hali qo‘shilmagan.`,
  choosePart: (watched: number | null): Html =>
    watched === null ? html`Qismni tanlang:` : html`Qismni tanlang (👁 — oxirgi ko‘rganingiz):`,
  part: (number: number) => `${number}-qism`,
  playing: (number: number, code: number): Html =>
    html`🎬 <b>${number}-qism</b>\n🔢 Kod: <code>${code}</code>`,
  partGone: (number: number) => `${number}-qism endi mavjud emas. Qismlar ro‘yxatini qayta oching.`,
  noSuchPart: (title: string, number: number, parts: number): Html =>
    html`<b>${title}</b>\nBu animeda <b>${number}-qism</b> yo‘q: hammasi bo‘lib ${parts} ta qism bor.`,
  fileTrouble: (title: string, number: number): Html =>
    html`😔 <b>${title}</b>, ${number}-qism: videoni hozircha ochib bo‘lmadi.\nAdminlarga xabar berdik. Boshqa qismlarni ko‘rishingiz mumkin.`,
  pageOf: (page: number, pages: number) => `${page} / ${pages}`,
  left: () => '⬅️ Chap',
  right: () => 'O‘ng ➡️',
  back: () => '🔙 Orqaga',
  allParts: () => '📋 Qismlar',

  // Search and lists
  found: (count: number): Html => html`🔎 <b>${count}</b> ta anime topildi. Keraklisini tanlang:`,
  nothingFound: (query: string): Html =>
    html`🔎 «<b>${query}</b>» bo‘yicha hech narsa topilmadi.\n\nBoshqacharoq yozib ko‘ring, kodini yuboring yoki quyidagidan tanlang:`,
  browseTitle: (order: BrowseOrder): Html =>
    ({
      newest: html`🆕 <b>Yangi animelar</b>`,
      viewed: html`🔥 <b>Ko‘p ko‘rilganlar</b>`,
      name: html`🔤 <b>Alifbo bo‘yicha</b>`,
    })[order],
  letters: () => '🔤 Boshqa harf',
  chooseLetter: (): Html => html`🔤 Qaysi harfdan boshlansin?`,
  alphabet: (): Readonly<Record<string, string>> => LATIN_LETTERS,
  personalList: (list: PersonalList, isEmpty: boolean): Html =>
    ({
      history: isEmpty
        ? html`🕘 <b>Tarix</b> hozircha bo‘sh.\n\nBiror qismni oching — u shu yerda saqlanadi, keyin davom ettirasiz.`
        : html`🕘 <b>Tarix</b>\nOxirgi ko‘rganlaringiz. ▶️ — keyingi qism:`,
      favourites: isEmpty
        ? html`⭐ <b>Sevimlilar</b> hozircha bo‘sh.\n\nAnime ostidagi «☆ Sevimlilarga» tugmasini bosing.`
        : html`⭐ <b>Sevimlilar</b>`,
      follows: isEmpty
        ? html`🔔 Hozircha hech bir animeni <b>kuzatmayapsiz</b>.\n\nAnime ostidagi «🔔 Kuzatish» tugmasini bosing: yangi qism chiqsa, xabar beramiz.`
        : html`🔔 <b>Kuzatayotganlarim</b>\nBu animelarga yangi qism chiqsa, xabar beramiz:`,
    })[list],

  // Messages about new parts
  newParts: (title: string, first: number, last: number, count: number): Html =>
    count === 1
      ? html`🔔 <b>${title}</b>\nYangi qism qo‘shildi: <b>${first}-qism</b>`
      : html`🔔 <b>${title}</b>\nYangi qismlar qo‘shildi: <b>${count}</b> ta (${first}–${last})`,

  // Groups and inline mode
  groupHint: (): Html => html`Botdan shaxsiy chatda foydalaning 👇`,
  openInBot: () => '▶️ Botda ochish',
  inlineHint: (code: number) => `Kod: ${code} — ulashish uchun bosing`,
  inlineNothing: () => 'Hech narsa topilmadi. Botni ochish',

  // To admins
  noticeChannelUnchecked: (name: string, reason: Html): Html =>
    html`⚠️ <b>${name}</b> kanalida obunani tekshirib bo‘lmayapti.\nSababi: ${reason}\n\nHozircha bu kanalga obuna tekshirilmaydi, hamma o‘tadi. Botni kanalga <b>admin</b> qiling yoki kanalni ro‘yxatdan olib tashlang: /admin`,
  noticeChannelLink: (name: string): Html =>
    html`⚠️ <b>${name}</b> kanalining ochiladigan havolasi yo‘q yoki noto‘g‘ri.\n\nHozircha bu kanalga obuna so‘ralmaydi. Havolasini yangilang: /admin`,
  noticeFile: (code: number, part: number | null, reason: Html): Html =>
    html`⚠️ Telegram saqlangan faylni qabul qilmadi: kod <code>${code}</code>, ${part === null ? 'rasm' : `${part}-qism`}.\nSababi: ${reason}\n\nBot tokeni almashgan bo‘lsa, boshqa fayllar ham ochilmasligi mumkin: ularni yangi botga qayta yuborish kerak. Bu haqda kuniga bir marta xabar beriladi.`,
};

function bold(names: readonly string[]): Html {
  return join(
    names.map((name) => html`• <b>${name}</b>`),
    '\n',
  );
}

/** Folded first letter (src/text/uzbek-fold.ts) -> what people look for. */
const LATIN_LETTERS = {
  '0': '0–9',
  a: 'A',
  b: 'B',
  ch: 'Ch',
  d: 'D',
  e: 'E',
  f: 'F',
  g: 'G G‘',
  h: 'H X',
  i: 'I Y',
  j: 'J',
  k: 'K Q',
  l: 'L',
  m: 'M',
  n: 'N',
  o: 'O O‘',
  p: 'P',
  r: 'R',
  s: 'S',
  sh: 'Sh',
  t: 'T',
  u: 'U',
  v: 'V W',
  z: 'Z',
};
