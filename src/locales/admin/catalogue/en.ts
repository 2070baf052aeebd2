import { html } from '../../../text/html.ts';
import type { uz } from './uz.ts';

export const en: typeof uz = {
  // Buttons.
  byCode: () => '🔢 Open by code',
  title: () => '✏️ Title',
  description: () => '📝 Description',
  photo: () => '🖼 Picture',
  genres: () => '🏷 Genre',
  year: () => '📅 Year',
  aliases: () => '🔎 Other titles',
  code: () => '🔢 Code',
  parts: (count) => `🎞 Episodes (${count})`,
  addParts: () => '➕ Add episodes',
  look: () => '👁 View',
  delete: () => '🗑 Delete',
  restore: () => '♻️ Restore',
  photoOff: () => '🚫 Remove the picture',
  replace: () => '🔁 Replace the video',
  move: () => '↕️ Move to another number',
  deletePart: () => '🗑 Delete the episode',
  deleteKeeping: () => '🗑 Delete, keep the numbers',
  deleteShifting: () => '🗑 Delete, shift the later ones',
  swap: (from, to) => `🔀 Swap ${from} and ${to}`,
  insert: (from) => `⤵️ ${from} here, shift those between`,
  yesTrash: () => '🗑 Yes, delete it',
  listed: (code, title, parts) => `${code} · ${title} (${parts})`,
  trashed: (title, days) => `♻️ ${title} · ${days} d`,
  // Screens.
  list: () =>
    html`✏️ <b>Which anime do you want to edit?</b>\nNewest first. By its code: <code>/edit 12</code>`,
  emptyList: () => html`No anime has been added yet.`,
  facts: (facts) =>
    html`${facts.isTrashed ? '🗑 In the trash: ' : '✏️ '}<b>${facts.title}</b>\n\n🔢 Code: <code>${facts.code}</code>\n🎞 Episodes: <b>${facts.parts}</b>\n👁 Views: <b>${facts.views}</b>\n🏷 Genre: ${facts.genres}\n📅 Year: ${facts.year}\n🔎 Other titles: ${facts.aliases}`,
  saved: () => html`✅ Saved.`,
  notSaved: () => html`❌ Not saved: this anime does not exist, or is in the trash.`,
  notFound: (code, hasNear) =>
    html`There is no anime with the code <b>${code}</b>.${hasNear ? ' The nearest codes are below.' : ''}`,
  nothingFound: (wanted) =>
    html`Nothing was found for “<b>${wanted}</b>”. Send it with an anime code or title, for example: <code>/edit 1</code>`,
  codeWas: (old, code) => html`The code <b>${old}</b> was changed: this anime is <b>${code}</b> now.`,
  gone: () => 'This anime does not exist, or is in the trash.',
  partGone: () => 'This episode is no longer here.',
  // Questions.
  askAnime: () => html`🔢 Send the code or the name of the anime.`,
  askTitle: (title) => html`✏️ <b>${title}</b>: send the new title.`,
  askDescription: (title) =>
    html`📝 <b>${title}</b>: send the new description (text or a picture with a caption).`,
  askPhoto: (title) => html`🖼 <b>${title}</b>: send the new picture.`,
  askGenres: (title) =>
    html`🏷 <b>${title}</b>: send the genres (for example: <i>adventure, fantasy</i>). Send “<code>-</code>” to remove them.`,
  askYear: (title) =>
    html`📅 <b>${title}</b>: send the year it came out (for example: <code>2007</code>). Send “<code>-</code>” to remove it.`,
  askAliases: (title) =>
    html`🔎 <b>${title}</b>: send its other titles, one on each line. The anime is found by them, too. Send “<code>-</code>” to remove them.`,
  askCode: (title, code) =>
    html`🔢 <b>${title}</b>: send the new code (now: ${code}).\nLinks with the old code stop working, old buttons keep working.`,
  askReplace: (title, number) => html`🔁 <b>${title}</b>, episode ${number}: send the new video.`,
  askNumber: (title, number) => html`↕️ <b>${title}</b>, episode ${number}: send its new number.`,
  wantsText: () => html`Send text here.`,
  wantsPhoto: () => html`Send a picture here.`,
  wantsVideo: () => html`Send a video or an mkv file here.`,
  wantsCode: () => html`A code is a number from 1 to 999999.`,
  wantsYear: () => html`A year has four digits, for example <code>2007</code>.`,
  wantsNumber: () => html`An episode number is a number from 1 to 100000.`,
  codeTaken: (code, title, isTrashed) =>
    html`❌ Code <b>${code}</b> is taken: “${title}”${isTrashed ? ' (in the trash; the code is free again once it is gone from there)' : ''}. Send another one.`,
  codeChanged: (from, to) => html`✅ The code changed: ${from} → <b>${to}</b>.`,
  // Parts.
  partList: (title) => html`🎞 <b>${title}</b>\nChoose an episode:`,
  part: (title, number) => html`🎞 <b>${title}</b>, <b>episode ${number}</b>`,
  partReplaced: (number) => html`✅ The video of episode ${number} was replaced.`,
  numberTaken: (to) => html`There already is an episode ${to}. What do you want to do?`,
  partMoved: (number) => html`✅ This is episode ${number} now.`,
  askDeletePart: (title, number, hasLater) =>
    html`🗑 Delete <b>${title}</b>, episode ${number}? This cannot be undone.${hasLater ? '\n\nWhat about the numbers of the later episodes?' : ''}`,
  partDeleted: (number) => html`✅ Episode ${number} was deleted.`,
  // Trash.
  askTrash: (title, days) =>
    html`🗑 Delete <b>${title}</b>?\n\nViewers stop seeing it at once. It stays in the trash for ${days} days and can be restored from there. Its code stays taken until then.`,
  trashedNow: (title, days) => html`🗑 <b>${title}</b> is in the trash. It can be restored for ${days} days.`,
  restored: (title) => html`♻️ <b>${title}</b> was restored.`,
  notTrashed: () => 'This anime is not in the trash.',
  yesPurge: () => '🗑 Yes, delete for good',
  askPurge: (title, code, parts) =>
    html`🗑 Delete <b>${title}</b> for good (code ${code}, episodes: ${parts})? This cannot be undone. Its code becomes free.`,
  purged: (title) => html`🗑 <b>${title}</b> is deleted for good.`,
  purgedSoon: (title) => html`🗑 <b>${title}</b> has very many views: it will be gone within an hour.`,
  trashList: () => html`🗑 <b>Trash</b>\nChoose what to restore. The number of days left stands beside each.`,
  emptyTrash: () => html`🗑 The trash is empty.`,
  none: () => '—',
};
