/** `@bot name` in any chat finds anime and shares a card. The asker need not know the bot. */
import { InlineKeyboard } from 'grammy';
import type { InlineQueryResultArticle } from 'grammy/types';
import type { BotContext } from '../../bot/context.ts';
import { normaliseDigits } from '../../bot/incoming.ts';
import { type Stage, step } from '../../bot/step.ts';
import { animeByCode } from '../../db/anime.ts';
import { type ListedAnime, mostViewed } from '../../db/listed-anime.ts';
import { searchAnime } from '../../db/search.ts';
import { foldQuery, searchTerms } from '../../db/search-query.ts';
import { rankFound } from '../../db/search-rank.ts';
import { cutText, html } from '../../text/html.ts';
import { animeName } from './anime-buttons.ts';
import { deepLink } from './groups.ts';

/** Telegram takes at most 50 results an answer (docs/platform-facts.md). */
const PER_ANSWER = 25;
/** Seconds Telegram may answer the same query of the same person by itself. */
const CACHE_SECONDS = 300;

export const inline: Stage = (incoming) => {
  if (incoming.kind !== 'inline') return undefined;
  const { query, offset } = incoming;
  const folded = foldQuery(query);
  const digits = normaliseDigits(query.trim());
  const reads = [
    folded === '' ? mostViewed(2 * PER_ANSWER) : undefined,
    folded === '' ? undefined : searchAnime(searchTerms(folded)),
    // `@bot 12` shares anime 12.
    /^[1-9]\d{0,5}$/.test(digits) ? animeByCode(Number(digits)) : undefined,
  ] as const;
  return step(reads, async (ctx, [popular, found, exact]) => {
    ctx.turn.handler = 'inline';
    const all: readonly ListedAnime[] = popular ?? [
      ...(exact === undefined ? [] : [exact]),
      ...rankFound(folded, found ?? []).filter(({ id }) => id !== exact?.id),
    ];
    const from = /^\d{1,4}$/.test(offset) ? Number(offset) : 0;
    const results = all.slice(from, from + PER_ANSWER).map((anime) => resultOf(ctx, anime));
    await ctx.answerInlineQuery(results, {
      cache_time: CACHE_SECONDS,
      // In the asker's own language, so not to be shown to others.
      is_personal: true,
      next_offset: all.length > from + PER_ANSWER ? String(from + PER_ANSWER) : '',
      ...(all.length > 0
        ? {}
        : { button: { text: ctx.t.viewer.inlineNothing(), start_parameter: 'inline' } }),
    });
  });
};

function resultOf(ctx: BotContext, anime: ListedAnime): InlineQueryResultArticle {
  const name = cutText(animeName(anime, ctx.t), 128).text;
  const url = deepLink(ctx.me.username, String(anime.code));
  return {
    type: 'article',
    id: String(anime.id),
    title: name,
    description: ctx.t.viewer.inlineHint(anime.code),
    input_message_content: {
      message_text: html`<b>${name}</b>\n${ctx.t.viewer.codeLine(anime.code)}`.markup,
      parse_mode: 'HTML',
      link_preview_options: { is_disabled: true },
    },
    reply_markup: new InlineKeyboard().url(ctx.t.viewer.watch(), url),
  };
}
