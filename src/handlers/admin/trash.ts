/** Deleting an anime asks first; the trash gives it back for 30 days. */
import { InlineKeyboard } from 'grammy';
import { encodeAction } from '../../bot/callback-data.ts';
import type { BotContext } from '../../bot/context.ts';
import type { Feature } from '../../bot/feature.ts';
import { type Screen, show } from '../../bot/show.ts';
import { prefetch } from '../../bot/turn.ts';
import { auditIfChanged } from '../../db/audit-log.ts';
import { catalogueAnime } from '../../db/catalogue.ts';
import { hasChanged } from '../../db/database.ts';
import {
  expireTrashed,
  purgeAnime,
  releaseHistory,
  restoreAnime,
  TRASH_DAYS,
  type Trashed,
  trashAnime,
  trashPage,
} from '../../db/trash.ts';
import type { Texts } from '../../locales/index.ts';
import { cutText } from '../../text/html.ts';
import { editScreen, listButton, nameOf, withNote } from './edit-screens.ts';
import { AdminRoutes, pressed, whenPressed } from './routes.ts';

const PER_PAGE = 8;

const named = whenPressed(['trashAsk', 'trashNow', 'restore', 'purgeAsk', 'purgeNow'], ({ id }) =>
  catalogueAnime(id),
);
const page = prefetch((incoming) => {
  const action = pressed(incoming, 'trash');
  const isCommand = incoming.kind === 'command' && incoming.name === 'trash';
  return action !== undefined || isCommand ? trashPage(Math.max(0, action?.page ?? 0), PER_PAGE) : undefined;
});

const routes = new AdminRoutes()
  .command('trash', (ctx) => openTrash(ctx, 0))
  .press('trash', (ctx, _admin, action) => openTrash(ctx, Math.max(0, action.page)))
  .press('trashAsk', async (ctx) => {
    const anime = ctx.turn.got(named);
    if (anime === undefined || anime.deletedAt !== null)
      return ctx.answerPress(ctx.t.admin.catalogue.gone(), { alert: true });
    const { catalogue, system } = ctx.t.admin;
    const keyboard = new InlineKeyboard()
      .text(catalogue.yesTrash(), encodeAction({ kind: 'trashNow', id: anime.id }))
      .text(system.no(), encodeAction({ kind: 'edit', id: anime.id }));
    const text = catalogue.askTrash(nameOf(anime, ctx.t), TRASH_DAYS);
    return Promise.all([ctx.answerPress(), show(ctx, { text, keyboard })]);
  })
  .press('trashNow', async (ctx, admin) => {
    const anime = ctx.turn.got(named);
    if (anime === undefined) return ctx.answerPress(ctx.t.admin.catalogue.gone(), { alert: true });
    const title = nameOf(anime, ctx.t);
    await ctx.turn.commit(
      trashAnime(anime.id, ctx.now),
      auditIfChanged(admin.id, 'anime-deleted', `${anime.code} ${title}`, ctx.now),
    );
    const { catalogue } = ctx.t.admin;
    const keyboard = new InlineKeyboard()
      .text(catalogue.restore(), encodeAction({ kind: 'restore', id: anime.id }))
      .row()
      .append(listButton(ctx.t));
    const screen = { text: catalogue.trashedNow(title, TRASH_DAYS), keyboard };
    return Promise.all([ctx.answerPress(), show(ctx, screen)]);
  })
  .press('restore', async (ctx, admin, { id }) => {
    const anime = ctx.turn.got(named);
    if (anime === undefined) return ctx.answerPress(ctx.t.admin.catalogue.gone(), { alert: true });
    const title = nameOf(anime, ctx.t);
    await ctx.turn.commit(
      restoreAnime(id),
      auditIfChanged(admin.id, 'anime-restored', `${anime.code} ${title}`, ctx.now),
    );
    const screen = withNote(
      ctx.t.admin.catalogue.restored(title),
      editScreen({ ...anime, deletedAt: null }, ctx.t),
    );
    return Promise.all([ctx.answerPress(), show(ctx, screen)]);
  });

routes
  .press('purgeAsk', async (ctx) => {
    const anime = ctx.turn.got(named);
    if (anime === undefined || anime.deletedAt === null)
      return ctx.answerPress(ctx.t.admin.catalogue.notTrashed(), { alert: true });
    const { catalogue, system } = ctx.t.admin;
    const keyboard = new InlineKeyboard()
      .text(catalogue.yesPurge(), encodeAction({ kind: 'purgeNow', id: anime.id }))
      .text(system.no(), encodeAction({ kind: 'trash', page: 0 }));
    const text = catalogue.askPurge(nameOf(anime, ctx.t), anime.code, anime.parts);
    return Promise.all([ctx.answerPress(), show(ctx, { text, keyboard })]);
  })
  .press('purgeNow', async (ctx, admin) => {
    const anime = ctx.turn.got(named);
    if (anime === undefined || anime.deletedAt === null)
      return ctx.answerPress(ctx.t.admin.catalogue.notTrashed(), { alert: true });
    const title = nameOf(anime, ctx.t);
    const isReleased = await releaseViews(ctx, anime.code);
    const list = trashPage(0, PER_PAGE);
    const results = await ctx.turn.commit(
      isReleased ? purgeAnime(anime.id) : expireTrashed(anime.id, ctx.now),
      ...(isReleased ? [auditIfChanged(admin.id, 'anime-purged', `${anime.code} ${title}`, ctx.now)] : []),
      list,
    );
    const { catalogue } = ctx.t.admin;
    const note = isReleased ? catalogue.purged(title) : catalogue.purgedSoon(title);
    const screen = withNote(note, trashScreen(list.parse(results.at(-1)?.rows ?? []), 0, ctx));
    return Promise.all([ctx.answerPress(), show(ctx, screen)]);
  });

/** Slices of views that a press waits for (5,000 each); the tick does what is left. */
const SLICES_AT_ONCE = 8;

/** The views of a purged anime must not become those of whoever gets its code. Whether all of them are free of it. */
async function releaseViews({ services }: BotContext, code: number): Promise<boolean> {
  for (let i = 0; i < SLICES_AT_ONCE; i++) {
    const [, left] = await services.db.write(releaseHistory(code));
    if (!hasChanged(left)) return true;
  }
  return false;
}

export const trashFeature: Feature = {
  name: 'admin trash',
  composer: routes.composer,
  prefetches: [named, page],
};

async function openTrash(ctx: BotContext, current: number): Promise<void> {
  const screen = trashScreen(ctx.turn.got(page) ?? [], current, ctx);
  await Promise.all([ctx.answerPress(), show(ctx, screen)]);
}

function trashScreen(
  found: readonly Trashed[],
  current: number,
  { t, now }: { t: Texts; now: Date },
): Screen {
  const { catalogue, system } = t.admin;
  const keyboard = new InlineKeyboard();
  for (const anime of found.slice(0, PER_PAGE)) {
    const name = cutText(`${anime.code} ${anime.title ?? t.viewer.untitled(anime.code)}`, 40).text;
    keyboard
      .text(
        catalogue.trashed(name, daysLeft(anime.deletedAt, now)),
        encodeAction({ kind: 'restore', id: anime.id }),
      )
      .text(catalogue.delete(), encodeAction({ kind: 'purgeAsk', id: anime.id }))
      .row();
  }
  if (current > 0) keyboard.text(system.left(), encodeAction({ kind: 'trash', page: current - 1 }));
  if (found.length > PER_PAGE)
    keyboard.text(system.right(), encodeAction({ kind: 'trash', page: current + 1 }));
  keyboard.row().text(system.panel(), encodeAction({ kind: 'panel' }));
  return { text: found.length === 0 ? catalogue.emptyTrash() : catalogue.trashList(), keyboard };
}

/** Whole days until the purge, at least 0 and at most all: a clock may have run ahead. */
function daysLeft(deletedAt: string, now: Date): number {
  const deleted = Date.parse(`${deletedAt.replace(' ', 'T')}Z`);
  const left = Math.ceil(TRASH_DAYS - (now.getTime() - deleted) / 86_400_000);
  return Math.min(TRASH_DAYS, Math.max(0, left));
}
