/** Favourites and following: buttons on any message, which change in place when pressed. */
import type { InlineKeyboardButton } from 'grammy/types';
import type { BotContext } from '../../bot/context.ts';
import { feature } from '../../bot/feature.ts';
import { reply } from '../../bot/reply.ts';
import { editKeyboard } from '../../bot/show.ts';
import { type AnimeCard, animeById } from '../../db/anime.ts';
import { drop, keep } from '../../db/favourites.ts';
import { cardScreen } from './card.ts';
import { keepButton } from './keep-buttons.ts';

type Kind = 'favourite' | 'follow';
const TABLE = { favourite: 'favourites', follow: 'follows' } as const;

export const keepFeature = feature('everybody').on(
  ['favourite', 'follow'],
  { reads: ({ anime }, { id }) => [animeById(anime, id)] },
  async (ctx, { kind, anime: animeId, on }, [anime]) => {
    if (ctx.viewer === undefined) return undefined;
    const isOn = on !== 0;
    if (isOn && anime === undefined) return { alert: ctx.t.viewer.gone() };
    const table = TABLE[kind];
    // Said only when it is so.
    await ctx.turn.commit(
      isOn ? keep(table, ctx.viewer.id, animeId, ctx.now) : drop(table, ctx.viewer.id, animeId),
    );
    const said = ctx.t.viewer[kind === 'favourite' ? 'favouriteSaid' : 'followSaid'](isOn);
    const isWhole =
      ctx.incoming.viaGate === true || saysOtherwise(ctx, keepButton(kind, animeId, !isOn, ctx.t));
    if (isWhole && anime !== undefined) return { ...cardScreen(ctx, changed(anime, kind, isOn)), said };
    await Promise.all([reply(ctx, { said }), turnButton(ctx, kind, animeId, isOn)]);
    return undefined;
  },
);

/** Whether the pressed button says otherwise what it said: the language was changed since. */
function saysOtherwise({ msg, callbackQuery }: BotContext, { text }: InlineKeyboardButton): boolean {
  const shown = msg?.reply_markup?.inline_keyboard.flat();
  return (
    shown?.some(
      (one) => 'callback_data' in one && one.callback_data === callbackQuery?.data && one.text !== text,
    ) === true
  );
}

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
