/** The admins' front door. */
import { InlineKeyboard } from 'grammy';
import { encodeAction } from '../../bot/callback-data.ts';
import type { BotContext, Viewer } from '../../bot/context.ts';
import type { Feature } from '../../bot/feature.ts';
import { type Screen, show } from '../../bot/show.ts';
import { one, sql } from '../../db/database.ts';
import type { Texts } from '../../locales/index.ts';
import { type Html, html, join } from '../../text/html.ts';
import { AdminRoutes, whenAsked } from './routes.ts';

interface Overview {
  readonly anime: number;
  readonly users: number;
  readonly drafts: number;
  readonly failures: number;
}

const overview = whenAsked('admin', ['panel'], (userId) =>
  one(
    sql(
      `SELECT (SELECT COUNT(*) FROM anime WHERE deleted_at IS NULL) AS anime,
         COALESCE((SELECT value FROM counters WHERE metric = 'users' AND period = 'all'), 0) AS users,
         (SELECT COUNT(*) FROM drafts WHERE user_id = ? AND kind IN ('anime', 'parts')) AS drafts,
         (SELECT COUNT(*) FROM failed_updates WHERE given_up_at IS NOT NULL) AS failures`,
      userId,
    ),
    (row): Overview => ({
      anime: row.int('anime'),
      users: row.int('users'),
      drafts: row.int('drafts'),
      failures: row.int('failures'),
    }),
  ),
);

const routes = new AdminRoutes()
  .command('admin', (ctx, admin) => open(ctx, admin))
  .press('panel', (ctx, admin) => open(ctx, admin))
  .command('commands', (ctx) => show(ctx, { text: commandsText(ctx.t) }));

export const panelFeature: Feature = {
  name: 'admin panel',
  composer: routes.composer,
  prefetches: [overview],
};

function commandsText({ admin: { system } }: Texts): Html {
  const lines = Object.entries(system.commandList()).map(([name, does]) => html`/${name} — ${does}`);
  return html`<b>${system.commandsTitle()}</b>\n\n${join(lines, '\n')}`;
}

async function open(ctx: BotContext, admin: Viewer): Promise<void> {
  const numbers = ctx.turn.got(overview) ?? { anime: 0, users: 0, drafts: 0, failures: 0 };
  await Promise.all([ctx.answerPress(), show(ctx, panelScreen(numbers, admin, ctx.t))]);
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
    .text(system.backups(), encodeAction({ kind: 'backups', page: 0 }));
  if (numbers.failures > 0)
    keyboard.row().text(system.failures(numbers.failures), encodeAction({ kind: 'failures' }));
  return { text: system.panelText(numbers.anime, numbers.users), keyboard };
}
