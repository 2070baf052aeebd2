import { type Html, html, join } from '../../text/html.ts';
import type { uz } from './uz.ts';

export const en: typeof uz = {
  greeting: (name) =>
    html`Hello, <b>${name}</b>! 👋\n\nThis is where you watch anime. Just send:\n• its <b>code</b>, for example <code>1</code>\n• or its <b>title</b>, a part of it will do\n\nOr choose below 👇`,
  about: () =>
    '🎬 A bot for watching anime.\n\nSend a code or a title: the episodes open right here. There are favourites, a history and messages about new episodes.\n\nPress /start to begin 👇',
  aboutShort: () => '🎬 Send the code or the title of an anime, and watch.',
  menu: () => '🏠 Menu',
  newest: () => '🆕 New anime',
  mostViewed: () => '🔥 Most viewed',
  byName: () => '🔤 A to Z',
  random: () => '🎲 Random',
  favourites: () => '⭐ Favourites',
  history: () => '🕘 History',
  following: () => '🔔 Following',
  language: () => '🌐 Language',
  continueTitle: (title, part) => `▶️ Continue: ${title}, episode ${part}`,
  help: (commands, who) =>
    join(
      [
        html`<b>How to use</b>\n`,
        html`• Send an anime <b>code</b>: its card opens.`,
        html`• Don’t know the code? Send the <b>title</b>, in Latin or Cyrillic letters; typos are fine.`,
        html`• “Watch” lists the episodes. Press a number, and the video opens.`,
        html`• Straight to an episode: send the code and its number together, for example <code>1 7</code>.`,
        html`• “Favourite” saves an anime, “Follow” tells you when a new episode is out.`,
        ...(who.inlineName === undefined
          ? []
          : [
              html`• To share with friends, type <code>@${who.inlineName}</code> in any chat, then the title.`,
            ]),
        html`\n<b>Commands</b>`,
        ...commands.map(({ command, description }) => html`/${command} — ${description}`),
        ...(who.isAdmin
          ? [html`\n<b>Admin</b>\n/admin — control panel\n/commands — all admin commands`]
          : []),
      ],
      '\n',
    ),
  commands: () => ({
    start: 'start, menu',
    history: 'history, continue watching',
    favourites: 'favourites',
    following: 'anime you follow',
    new: 'new anime',
    popular: 'most viewed',
    az: 'A to Z',
    random: 'a random anime',
    language: 'choose a language',
    help: 'help',
  }),
  emptyCatalogue: () => html`No anime has been added yet. Come back later.`,
  chooseLanguage: () => html`🌐 Choose a language:`,
  languageName: () => 'English',
  languageChosen: () => '✅ Language of the bot: English',
  languageSet: () => html`✅ Language of the bot: <b>English</b>`,

  gateAsk: () => html`🔒 To use the bot, subscribe to the channels below, then press <b>Check</b> 👇`,
  gateMissing: (names) =>
    html`❗️ You are not subscribed yet:\n${bold(names)}\n\nSubscribe, then press <b>Check</b> again 👇`,
  gateAlert: (names) => `Not subscribed yet: ${names.join(', ')}`,
  gatePassed: () => '✅ You can continue.',
  check: () => '🔄 Check',
  banned: () => html`⛔️ The admins have blocked you: the bot no longer answers.`,
  slowDown: () => 'That is a bit too fast 🙂 Please continue in a minute.',

  untitled: (code) => `Anime ${code}`,
  codeLine: (code) => html`🔢 Code: <code>${code}</code>`,
  cardFacts: (facts) =>
    join(
      [
        html`🔢 Code: <code>${facts.code}</code>`,
        ...(facts.parts === null ? [] : [html`🎞 Episodes: <b>${facts.parts}</b>`]),
        ...(facts.year === null ? [] : [html`📅 Year: <b>${facts.year}</b>`]),
        ...(facts.genres === null || facts.genres === '' ? [] : [html`🎭 Genre: ${facts.genres}`]),
        ...(facts.views === 0 ? [] : [html`👁 Views: <b>${facts.views}</b>`]),
      ],
      '\n',
    ),
  watch: () => '▶️ Watch',
  continueAt: (part) => `⏯ Continue: episode ${part}`,
  more: () => '📖 Read more',
  share: () => '↗️ Share',
  another: () => '🎲 Another one',
  favourite: (isOn) => (isOn ? '★ Favourited' : '☆ Favourite'),
  favouriteSaid: (isOn) => (isOn ? '⭐ Added to favourites' : 'Removed from favourites'),
  follow: (isOn) => (isOn ? '🔕 Unfollow' : '🔔 Follow'),
  followSaid: (isOn) =>
    isOn
      ? '🔔 We will tell you when a new episode is out'
      : '🔕 We will send no more messages about this anime',
  unknownCode: (code, hasNear) =>
    html`There is no anime with the code <b>${code}</b>.\n${hasNear ? 'The nearest codes are below. You can also search by title.' : 'Check the code and send it again, or send the title.'}`,
  badCode: () =>
    html`An anime code is a number from 1 to 999999. Check the code and send it again, or send the title.`,
  gone: () => 'This anime is no longer here.',

  noPartsYet: () => html`No episodes yet.`,
  choosePart: (watched) =>
    watched === null ? html`Choose an episode:` : html`Choose an episode (👁 is the one you watched last):`,
  part: (number) => `Episode ${number}`,
  playing: (number, code) => html`🎬 <b>Episode ${number}</b>\n🔢 Code: <code>${code}</code>`,
  partGone: (number) => `Episode ${number} is no longer here. Open the list of episodes again.`,
  noSuchPart: (title, number, parts) =>
    html`<b>${title}</b>\nThere is no <b>episode ${number}</b>: this anime has ${parts} in all.`,
  fileTrouble: (title, number) =>
    html`😔 <b>${title}</b>, episode ${number}: the video cannot be opened at the moment.\nWe have told the admins. You can watch the other episodes.`,
  pageOf: (page, pages) => `${page} / ${pages}`,
  left: () => '⬅️ Previous',
  right: () => 'Next ➡️',
  back: () => '🔙 Back',
  allParts: () => '📋 Episodes',

  found: (count) => html`🔎 Found: <b>${count}</b>. Choose an anime:`,
  nothingFound: (query) =>
    html`🔎 Nothing found for “<b>${query}</b>”.\n\nTry another spelling, send the code, or choose below:`,
  browseTitle: (order) =>
    ({
      newest: html`🆕 <b>New anime</b>`,
      viewed: html`🔥 <b>Most viewed</b>`,
      name: html`🔤 <b>A to Z</b>`,
    })[order],
  letters: () => '🔤 Another letter',
  chooseLetter: () => html`🔤 Which letter does it begin with?`,
  alphabet: () => ENGLISH_LETTERS,
  personalList: (list, isEmpty) =>
    ({
      history: isEmpty
        ? html`🕘 Your <b>history</b> is empty.\n\nOpen any episode: it is kept here, and you can continue from it.`
        : html`🕘 <b>History</b>\nWhat you watched last. ▶️ is the next episode:`,
      favourites: isEmpty
        ? html`⭐ You have no <b>favourites</b> yet.\n\nPress “☆ Favourite” under an anime.`
        : html`⭐ <b>Favourites</b>`,
      follows: isEmpty
        ? html`🔔 You are not <b>following</b> anything yet.\n\nPress “🔔 Follow” under an anime: we will tell you when a new episode is out.`
        : html`🔔 <b>Following</b>\nWe will tell you when one of these gets a new episode:`,
    })[list],

  newParts: (title, first, last, count) =>
    count === 1
      ? html`🔔 <b>${title}</b>\nNew episode: <b>${first}</b>`
      : html`🔔 <b>${title}</b>\nNew episodes: <b>${count}</b> (${first}–${last})`,

  groupHint: () => html`Talk to the bot in a private chat 👇`,
  openInBot: () => '▶️ Open in the bot',
  inlineHint: (code) => `Code: ${code}. Tap to share`,
  inlineNothing: () => 'Nothing found. Open the bot',

  noticeChannelUnchecked: (name, reason) =>
    html`⚠️ Subscriptions to the channel <b>${name}</b> cannot be checked.\nReason: ${reason}\n\nFor now subscriptions to it are not checked and everybody passes. Make the bot an <b>administrator</b> of the channel, or remove the channel from the list: /admin`,
  noticeChannelLink: (name) =>
    html`⚠️ The channel <b>${name}</b> has no working link.\n\nFor now nobody is asked to subscribe to it. Update its link: /admin`,
  noticeFile: (code, part, reason) =>
    html`⚠️ Telegram refused a stored file: code <code>${code}</code>, ${part === null ? 'picture' : `episode ${part}`}.\nReason: ${reason}\n\nIf the bot’s token was changed, other files may fail too: they must be sent to the new bot again. You get this notice once a day.`,
};

function bold(names: readonly string[]): Html {
  return join(
    names.map((name) => html`• <b>${name}</b>`),
    '\n',
  );
}

const ENGLISH_LETTERS = {
  '0': '0–9',
  a: 'A',
  b: 'B',
  ch: 'Ch',
  d: 'D',
  e: 'E',
  f: 'F',
  g: 'G',
  h: 'H X',
  i: 'I Y',
  j: 'J',
  k: 'K C Q',
  l: 'L',
  m: 'M',
  n: 'N',
  o: 'O',
  p: 'P',
  r: 'R',
  s: 'S',
  sh: 'Sh',
  t: 'T',
  u: 'U',
  v: 'V W',
  z: 'Z',
};
