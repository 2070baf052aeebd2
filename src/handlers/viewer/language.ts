/** The language switch. */
import { Composer, InlineKeyboard } from 'grammy';
import { actionOf } from '../../bot/asked.ts';
import { encodeAction } from '../../bot/callback-data.ts';
import type { BotContext } from '../../bot/context.ts';
import type { Feature } from '../../bot/feature.ts';
import { type Screen, show } from '../../bot/show.ts';
import { chooseLanguage } from '../../db/users.ts';
import { textsFor } from '../../locales/index.ts';
import { LOCALE_NAMES } from '../../settings/config.ts';
import { setChatMenu } from '../commands-menu.ts';

const composer = new Composer<BotContext>();

composer.filter(
  (ctx) => actionOf(ctx.incoming)?.kind === 'languages',
  async (ctx) => {
    ctx.turn.handler = 'languages';
    await Promise.all([ctx.answerPress(), show(ctx, languagesScreen(ctx))]);
  },
);

composer.filter(
  (ctx) => actionOf(ctx.incoming)?.kind === 'language',
  async (ctx) => {
    const action = actionOf(ctx.incoming);
    const locale = action?.kind === 'language' ? LOCALE_NAMES[action.locale] : undefined;
    ctx.turn.handler = 'language';
    if (locale === undefined || ctx.viewer === undefined)
      return ctx.answerPress(ctx.t.frame.staleButton(), { alert: true });
    await ctx.turn.commit(chooseLanguage(ctx.viewer.id, locale));
    const t = textsFor(locale);
    const keyboard = new InlineKeyboard().text(t.viewer.menu(), encodeAction({ kind: 'menu' }));
    await Promise.all([
      ctx.answerPress(t.viewer.languageChosen()),
      show(ctx, { text: t.viewer.languageSet(), keyboard }),
    ]);
    const { api, after } = ctx.services;
    const { id, role } = ctx.viewer;
    after?.(0, () => setChatMenu(api, id, t, role));
  },
);

export const languageFeature: Feature = { name: 'language', composer, prefetches: [] };

/** Every language under its own name. */
function languagesScreen(ctx: BotContext): Screen {
  const keyboard = new InlineKeyboard();
  for (const [i, name] of LOCALE_NAMES.entries()) {
    const mark = name === ctx.viewer?.locale ? '✅ ' : '';
    keyboard.text(
      `${mark}${textsFor(name).viewer.languageName()}`,
      encodeAction({ kind: 'language', locale: i }),
    );
    if (i % 2 === 1) keyboard.row();
  }
  keyboard.text(ctx.t.viewer.menu(), encodeAction({ kind: 'menu' }));
  return { text: ctx.t.viewer.chooseLanguage(), keyboard };
}
