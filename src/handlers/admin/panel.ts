/** The admins' front door. */
import { InlineKeyboard } from 'grammy';
import { encodeAction } from '../../bot/callback-data.ts';
import type { Viewer } from '../../bot/context.ts';
import { feature } from '../../bot/feature.ts';
import type { Screen } from '../../bot/show.ts';
import { type Overview, overview } from '../../db/overview.ts';
import type { Texts } from '../../locales/index.ts';
import { type Html, html, join } from '../../text/html.ts';

export const panelFeature = feature('admins')
  .on('panel', async ({ viewer, t, turn }) => {
    // Counted with this visit: an admin's first command is one of theirs too.
    const [numbers] = await turn.commit(overview(viewer.id));
    return panelScreen(numbers, viewer, t);
  })
  .command('commands', ({ t }) => ({ text: commandsText(t) }));

function commandsText({ admin: { system } }: Texts): Html {
  const lines = Object.entries(system.commandList()).map(([name, does]) => html`/${name} — ${does}`);
  return html`<b>${system.commandsTitle()}</b>\n\n${join(lines, '\n')}`;
}

function panelScreen(numbers: Overview, admin: Viewer, t: Texts): Screen {
  const { system } = t.admin;
  const keyboard = new InlineKeyboard()
    .text(system.addAnime(), encodeAction({ kind: 'draftNew' }))
    .text(system.catalogue(), encodeAction({ kind: 'catalogue', page: 0 }))
    .row();
  if (numbers.drafts > 0) keyboard.text(system.drafts(numbers.drafts), encodeAction({ kind: 'drafts' }));
  keyboard
    .text(system.trash(), encodeAction({ kind: 'trash', page: 0 }))
    .row()
    .text(system.groups(), encodeAction({ kind: 'groups' }))
    .text(system.channels(), encodeAction({ kind: 'channels' }))
    .row()
    .text(system.broadcast(), encodeAction({ kind: 'broadcasts' }))
    .text(system.stats(), encodeAction({ kind: 'stats' }))
    .row()
    .text(system.people(), encodeAction({ kind: 'people' }));
  if (admin.role === 'owner') keyboard.text(system.admins(), encodeAction({ kind: 'admins' }));
  keyboard
    .row()
    .text(system.export(), encodeAction({ kind: 'export' }))
    .text(system.audit(), encodeAction({ kind: 'audit', page: 0 }))
    .row()
    .text(system.selfTest(), encodeAction({ kind: 'selfTest' }))
    .text(system.backups(), encodeAction({ kind: 'backups', page: 0 }))
    .row()
    .text(t.admin.archive.open(), encodeAction({ kind: 'archive' }));
  if (numbers.failures > 0)
    keyboard.row().text(system.failures(numbers.failures), encodeAction({ kind: 'failures' }));
  return { text: system.panelText(numbers.anime, numbers.users), keyboard };
}
