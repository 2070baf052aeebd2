/** The admins' front door. */
import type { Viewer } from '../../bot/context.ts';
import { feature } from '../../bot/feature.ts';
import { Keyboard } from '../../bot/keyboard.ts';
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
  const keyboard = new Keyboard()
    .button(system.addAnime(), { kind: 'draftNew' })
    .last(system.catalogue(), { kind: 'catalogue', page: 0 });
  if (numbers.drafts > 0) keyboard.button(system.drafts(numbers.drafts), { kind: 'drafts' });
  keyboard
    .last(system.trash(), { kind: 'trash', page: 0 })
    .button(system.groups(), { kind: 'groups' })
    .last(system.channels(), { kind: 'channels' })
    .button(system.broadcast(), { kind: 'broadcasts' })
    .last(system.stats(), { kind: 'stats' })
    .button(system.people(), { kind: 'people' });
  if (admin.role === 'owner') keyboard.button(system.admins(), { kind: 'admins' });
  keyboard
    .row()
    .button(system.export(), { kind: 'export' })
    .last(system.audit(), { kind: 'audit', page: 0 })
    .button(system.selfTest(), { kind: 'selfTest' })
    .last(system.backups(), { kind: 'backups', page: 0 })
    .button(t.admin.archive.open(), { kind: 'archive' });
  if (numbers.failures > 0) keyboard.row().button(system.failures(numbers.failures), { kind: 'failures' });
  return { text: system.panelText(numbers.anime, numbers.users), keyboard };
}
