/** The admins' front door. */
import { InlineKeyboard } from 'grammy';
import { encodeAction } from '../../bot/callback-data.ts';
import type { Viewer } from '../../bot/context.ts';
import { feature } from '../../bot/feature.ts';
import type { Screen } from '../../bot/show.ts';
import { one, type Query, sql } from '../../db/database.ts';
import type { Texts } from '../../locales/index.ts';
import { type Html, html, join } from '../../text/html.ts';

interface Overview {
  readonly anime: number;
  readonly users: number;
  readonly drafts: number;
  readonly failures: number;
}

export const panelFeature = feature('admins')
  .on('panel', async ({ viewer, t, turn }) => {
    // Counted with this visit: an admin's first command is one of theirs too.
    const [numbers] = await turn.commit(overview(viewer.id));
    return panelScreen(numbers ?? { anime: 0, users: 0, drafts: 0, failures: 0 }, viewer, t);
  })
  .command('commands', ({ t }) => ({ text: commandsText(t) }));

function overview(userId: number): Query<Overview | undefined> {
  return one(
    sql(
      `SELECT (SELECT COUNT(*) FROM anime WHERE deleted_at IS NULL) AS anime,
         COALESCE((SELECT value FROM counters WHERE metric = 'users' AND period = 'all'), 0) AS users,
         (SELECT COUNT(*) FROM drafts WHERE user_id = ? AND kind IN ('anime', 'parts')) AS drafts,
         (SELECT COUNT(*) FROM failed_updates WHERE given_up_at IS NOT NULL) AS failures`,
      userId,
    ),
    (row) => ({
      anime: row.int('anime'),
      users: row.int('users'),
      drafts: row.int('drafts'),
      failures: row.int('failures'),
    }),
  );
}

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
