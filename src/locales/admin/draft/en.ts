import { html } from '../../../text/html.ts';
import type { uz } from './uz.ts';

export const en: typeof uz = {
  // Buttons.
  pause: () => '⏸ Later',
  resume: () => '▶️ Continue',
  drop: () => '🗑 Discard the draft',
  finish: (parts) => `✅ Finish (${parts})`,
  withoutParts: () => '⏭ Continue without episodes',
  undoLast: () => '↩️ Remove the last one',
  takeCode: (code) => `✅ ${code} — free code`,
  goOn: () => '▶️ Continue',
  publish: () => '✅ Done, add it',
  changeTitle: () => '✏️ Title',
  changeDescription: () => '📝 Description',
  changePhoto: () => '🖼 Picture',
  changeParts: (parts) => `🎞 Episodes: ${parts}`,
  changeCode: (code) => `🔢 Code: ${code}`,
  changeGroups: (count) => `📣 Groups to post to: ${count}`,
  saveParts: (parts) => `✅ Save (${parts})`,
  changeNumber: () => '🔢 Change the number',
  yesDrop: () => '🗑 Yes, delete it',
  no: () => '↩️ No',
  drafts: () => '🗂 Drafts',
  addAnother: () => '➕ Add another anime',
  edit: () => '✏️ Edit',
  // Screens.
  askDescription: (parts) =>
    html`➕ <b>New anime</b>\n\n1️⃣ Send its description: text or <b>a picture with a caption</b>.\nThe first line becomes the title.${parts === 0 ? '' : `\n\n🎞 Episodes received and kept: ${parts}.`}`,
  askNewDescription: () => html`📝 Send the new description: text or a picture with a caption.`,
  photoKept: () => html`🖼 The picture is saved. Now send the text of the description.`,
  askParts: (title) =>
    html`✅ Description saved: <b>${title}</b>\n\n2️⃣ Now send the episodes (videos or mkv files), one by one or all at once. They are numbered in the order of the messages.`,
  askMoreParts: (title, first) =>
    html`🎞 Send episodes for <b>${title}</b> (videos or mkv files), one by one or all at once.\n\nThe first one becomes <b>episode ${first}</b>.`,
  partsSoFar: (title, parts, repeated) =>
    html`🎞 <b>${title}</b>\nEpisodes received: <b>${parts}</b>.${repeated === 0 ? '' : `\n♻️ Repeated videos: ${repeated}; each was stored once.`}\n\nSend more, or press “Finish”.`,
  morePartsSoFar: (title, first, last, repeated) =>
    html`🎞 <b>${title}</b>\nEpisodes received: <b>${last - first + 1}</b>, ${first === last ? `number ${first}` : `numbers ${first}–${last}`}.${repeated === 0 ? '' : `\n♻️ Repeated videos: ${repeated}; each was stored once.`}\n\nSend more, or press “Save”. Viewers do not see them yet.`,
  askCode: () =>
    html`3️⃣ Send a <b>code</b> for the anime (1 to 999999), or take the free one that is offered.`,
  badCode: () => html`A code is a number from 1 to 999999.`,
  codeTaken: (code, title, isTrashed) =>
    html`❌ Code <b>${code}</b> is taken: “${title}”${isTrashed ? ' (in the trash; the code is free again once it is gone from there)' : ''}.\nSend another one.`,
  askGroups: () => html`4️⃣ Where do you want to post the anime? Tick the chats and press “Continue”.`,
  noGroups: () =>
    html`4️⃣ No group or channel has been added yet. You can continue without posting and post later.`,
  askTitle: () => html`✏️ Send the title of the anime.`,
  askPhoto: () => html`🖼 Send the picture.`,
  textNotExpected: () => html`This step needs no text. Nothing was changed.`,
  videoWanted: () => html`An episode is a video or an mkv file. Nothing was changed.`,
  untitled: () => 'Untitled',
  moved: () => 'That button belonged to an earlier step. Below is where you are now.',
  gone: () => 'This draft is no longer here: it was finished or deleted.',
  partGone: () => 'The last episode was removed.',
  // Waiting, leaving, throwing away.
  paused: (title, parts) =>
    html`⏸ The draft is saved: <b>${title}</b>, episodes: ${parts}. You can continue at any time.`,
  waiting: (title, parts) => html`⏸ This draft is waiting: <b>${title}</b>, episodes: ${parts}.`,
  cancelled: () => html`Cancelled. Nothing was changed.`,
  nothingToCancel: () => html`There is nothing to cancel. Control panel: /admin`,
  list: () => html`🗂 <b>Drafts</b>\nChoose one to continue.`,
  noDrafts: () => html`🗂 There are no drafts.`,
  listed: (title, parts, isOpen) => `${isOpen ? '▶️' : '⏸'} ${title} · episodes: ${parts}`,
  askDrop: (title, parts) =>
    html`🗑 Delete the draft <b>${title}</b> (episodes: ${parts})? The videos stay in this chat.`,
  dropped: () => html`🗑 The draft is deleted.`,
  // The end.
  published: (title, code, parts) =>
    html`✅ <b>${title}</b> was added.\n🔢 Code: <code>${code}</code>\n🎞 Episodes: <b>${parts}</b>`,
  partsPublished: (title, first, last) =>
    html`✅ <b>${title}</b>: ${first === last ? `episode ${first} was` : `episodes ${first}–${last} were`} added.`,
  noPartsYet: () => 'No episode has arrived yet.',
  numberTaken: (number) =>
    html`❌ There already is an episode ${number}. Send another number. Your videos are saved.`,
  askNumber: () =>
    html`🔢 Which episode is your first video? Send its number (for example, <code>13</code>).`,
  badNumber: () => html`An episode number is a number from 1 to 100000.`,
  animeGone: () => html`This anime does not exist, or is in the trash.`,
};
