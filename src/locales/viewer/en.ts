import { html } from '../../html.ts';
import type { uz } from './uz.ts';

export const en: typeof uz = {
  greeting: (name) =>
    html`Hello, <b>${name}</b>!\n\nTo watch an anime, send its <b>code</b>, for example: <code>12</code>`,
  help: () =>
    html`<b>How to use</b>\n\n• Send an anime code: its card opens.\n• Press “Watch”: the episodes appear.\n• Press an episode: the video comes.\n\n/start — start over\n/help — help`,
  untitled: (code) => `Anime ${code}`,
  cardFacts: (code, parts) => html`🔢 Code: <code>${code}</code>\n🎞 Episodes: <b>${parts}</b>`,
  noPartsYet: () => html`No episodes yet.`,
  watch: () => '▶️ Watch',
  unknownCode: (code) =>
    html`There is no anime with the code <b>${code}</b>. Check the code and send it again.`,
  badCode: () => html`An anime code is a number from 1 to 999999. Check the code and send it again.`,
  choosePart: () => html`Choose an episode:`,
  part: (number) => `Episode ${number}`,
  pageOf: (page, pages) => `${page} / ${pages}`,
  left: () => '⬅️ Left',
  right: () => 'Right ➡️',
  back: () => '🔙 Back',
  allParts: () => '📋 Episodes',
  gone: () => 'This anime is no longer here.',
  partGone: (number) => `Episode ${number} is no longer here. Open the list of episodes.`,
};
