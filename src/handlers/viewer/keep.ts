/** Favourites and following: their buttons may hang on any message, and change in place when pressed. */
import { Composer } from 'grammy';
import { actionOf } from '../../bot/asked.ts';
import type { BotContext } from '../../bot/context.ts';
import type { Feature } from '../../bot/feature.ts';
import { editKeyboard } from '../../bot/show.ts';
import type { AnimeCard } from '../../db/anime.ts';
import { drop, keep } from '../../db/favourites.ts';
import { showCard } from './card.ts';
import { keepButton } from './keep-buttons.ts';
import { namedAnime } from './named-anime.ts';

type Kind = 'favourite' | 'follow';
const TABLE = { favourite: 'favourites', follow: 'follows' } as const;

const composer = new Composer<BotContext>();

composer.filter(
  (ctx) => ['favourite', 'follow'].includes(actionOf(ctx.incoming)?.kind ?? ''),
  async (ctx) => {
    const action = actionOf(ctx.incoming);
    if ((action?.kind !== 'favourite' && action?.kind !== 'follow') || ctx.viewer === undefined) return;
    ctx.turn.handler = action.kind;
    const isOn = action.on !== 0;
    const anime = ctx.turn.got(namedAnime);
    if (isOn && anime === undefined) return ctx.answerPress(ctx.t.viewer.gone(), { alert: true });
    const table = TABLE[action.kind];
    // Said only when it is so.
    await ctx.turn.commit(
      isOn ? keep(table, ctx.viewer.id, action.anime, ctx.now) : drop(table, ctx.viewer.id, action.anime),
    );
    const said = ctx.t.viewer[action.kind === 'favourite' ? 'favouriteSaid' : 'followSaid'](isOn);
    const isFromGate = ctx.incoming.viaGate === true && anime !== undefined;
    await Promise.all([
      ctx.answerPress(said),
      isFromGate
        ? showCard(ctx, changed(anime, action.kind, isOn))
        : turnButton(ctx, action.kind, action.anime, isOn),
    ]);
  },
);

export const keepFeature: Feature = { name: 'keep', composer, prefetches: [] };

function changed(anime: AnimeCard, kind: Kind, isOn: boolean): AnimeCard {
  return kind === 'favourite' ? { ...anime, isFavourite: isOn } : { ...anime, isFollowed: isOn };
}

/** Turns the pressed button over where it hangs, and leaves the rest of the message alone. */
async function turnButton(ctx: BotContext, kind: Kind, animeId: number, isOn: boolean): Promise<void> {
  const pressed = ctx.callbackQuery?.data;
  await editKeyboard(ctx, (shown) =>
    'callback_data' in shown && shown.callback_data === pressed
      ? keepButton(kind, animeId, isOn, ctx.t)
      : shown,
  );
}
