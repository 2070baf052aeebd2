/** Deleting an anime asks first; the trash gives it back for 30 days. */

import type { BotContext } from '../../bot/context.ts';
import { feature } from '../../bot/feature.ts';
import { Keyboard } from '../../bot/keyboard.ts';
import type { Screen } from '../../bot/show.ts';
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
import { DAY_MS } from '../../text/times.ts';
import { editScreen, ifTrashed, listButton, nameOf, unlessTrashed, withNote } from './edit-screens.ts';

const PER_PAGE = 8;

const gone = (t: Texts): string => t.admin.catalogue.gone();
const notTrashed = (t: Texts): string => t.admin.catalogue.notTrashed();

export const trashFeature = feature('admins')
  .on('trash', { reads: ({ page }) => [trashPage(Math.max(0, page), PER_PAGE)] }, (ctx, { page }, [found]) =>
    trashScreen(found, Math.max(0, page), ctx),
  )
  .on(
    'trashAsk',
    { reads: ({ id }) => [unlessTrashed(catalogueAnime(id))], gone },
    ({ t }, { id }, [anime]) => {
      const { catalogue, system } = t.admin;
      const keyboard = new Keyboard()
        .button(catalogue.yesTrash(), { kind: 'trashNow', id })
        .button(system.no(), { kind: 'edit', id });
      return { text: catalogue.askTrash(nameOf(anime, t), TRASH_DAYS), keyboard };
    },
  )
  .on('trashNow', { reads: ({ id }) => [catalogueAnime(id)], gone }, async (ctx, { id }, [anime]) => {
    const title = nameOf(anime, ctx.t);
    await ctx.turn.commit(
      trashAnime(id, ctx.now),
      auditIfChanged(ctx.viewer.id, 'anime-deleted', `${anime.code} ${title}`, ctx.now),
    );
    const { catalogue } = ctx.t.admin;
    const keyboard = new Keyboard()
      .last(catalogue.restore(), { kind: 'restore', id })
      .append(listButton(ctx.t));
    return { text: catalogue.trashedNow(title, TRASH_DAYS), keyboard };
  })
  .on('restore', { reads: ({ id }) => [catalogueAnime(id)], gone }, async (ctx, { id }, [anime]) => {
    const title = nameOf(anime, ctx.t);
    await ctx.turn.commit(
      restoreAnime(id),
      auditIfChanged(ctx.viewer.id, 'anime-restored', `${anime.code} ${title}`, ctx.now),
    );
    return withNote(ctx.t.admin.catalogue.restored(title), editScreen({ ...anime, deletedAt: null }, ctx.t));
  })
  .on(
    'purgeAsk',
    { reads: ({ id }) => [ifTrashed(catalogueAnime(id))], gone: notTrashed },
    ({ t }, { id }, [anime]) => {
      const { catalogue, system } = t.admin;
      const keyboard = new Keyboard()
        .button(catalogue.yesPurge(), { kind: 'purgeNow', id })
        .button(system.no(), { kind: 'trash', page: 0 });
      return { text: catalogue.askPurge(nameOf(anime, t), anime.code, anime.parts), keyboard };
    },
  )
  .on(
    'purgeNow',
    { reads: ({ id }) => [ifTrashed(catalogueAnime(id))], gone: notTrashed },
    async (ctx, { id }, [anime]) => {
      const title = nameOf(anime, ctx.t);
      const isReleased = await releaseViews(ctx, anime.code);
      const [, , left] = await ctx.turn.commit(
        isReleased ? purgeAnime(id) : expireTrashed(id, ctx.now),
        isReleased ? [auditIfChanged(ctx.viewer.id, 'anime-purged', `${anime.code} ${title}`, ctx.now)] : [],
        trashPage(0, PER_PAGE),
      );
      const { catalogue } = ctx.t.admin;
      const note = isReleased ? catalogue.purged(title) : catalogue.purgedSoon(title);
      return withNote(note, trashScreen(left, 0, ctx));
    },
  );

/** Slices of views that a press waits for (5,000 each); the tick does what is left. */
const SLICES_AT_ONCE = 8;

/** A purged anime's views must not become those of its code's next. Whether all codes are free. */
async function releaseViews({ services }: BotContext, code: number): Promise<boolean> {
  for (let i = 0; i < SLICES_AT_ONCE; i++) {
    const [, left] = await services.db.write(releaseHistory(code));
    if (!hasChanged(left)) return true;
  }
  return false;
}

function trashScreen(
  found: readonly Trashed[],
  current: number,
  { t, now }: { t: Texts; now: Date },
): Screen {
  const { catalogue, system } = t.admin;
  const keyboard = new Keyboard();
  for (const anime of found.slice(0, PER_PAGE)) {
    const name = cutText(`${anime.code} ${anime.title ?? t.viewer.untitled(anime.code)}`, 40).text;
    keyboard
      .button(catalogue.trashed(name, daysLeft(anime.deletedAt, now)), { kind: 'restore', id: anime.id })
      .last(catalogue.delete(), { kind: 'purgeAsk', id: anime.id });
  }
  keyboard
    .pages(t, { page: current, hasNext: found.length > PER_PAGE }, (page) => ({ kind: 'trash', page }))
    .button(system.panel(), { kind: 'panel' });
  return { text: found.length === 0 ? catalogue.emptyTrash() : catalogue.trashList(), keyboard };
}

/** Whole days until the purge, at least 0 and at most all: a clock may have run ahead. */
function daysLeft(deletedAt: string, now: Date): number {
  const deleted = Date.parse(`${deletedAt.replace(' ', 'T')}Z`);
  const left = Math.ceil(TRASH_DAYS - (now.getTime() - deleted) / DAY_MS);
  return Math.min(TRASH_DAYS, Math.max(0, left));
}
