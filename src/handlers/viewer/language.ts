/** The language switch. */
import { InlineKeyboard } from 'grammy';
import { encodeAction } from '../../bot/callback-data.ts';
import type { BotContext } from '../../bot/context.ts';
import { feature } from '../../bot/feature.ts';
import { reply } from '../../bot/reply.ts';
import type { Screen } from '../../bot/show.ts';
import { chooseLanguage } from '../../db/users.ts';
import { textsFor } from '../../locales/index.ts';
import { LOCALE_NAMES } from '../../settings/config.ts';
import { setChatMenu } from '../commands-menu.ts';

export const languageFeature = feature('everybody')
  .on('languages', languagesScreen)
  .on('language', async (ctx, action) => {
    const locale = LOCALE_NAMES[action.locale];
    if (locale === undefined || ctx.viewer === undefined) return { alert: ctx.t.frame.staleButton() };
    await ctx.turn.commit(chooseLanguage(ctx.viewer.id, locale));
    const t = textsFor(locale);
    const keyboard = new InlineKeyboard().text(t.viewer.menu(), encodeAction({ kind: 'menu' }));
    await reply(ctx, { text: t.viewer.languageSet(), keyboard, said: t.viewer.languageChosen() });
    const { api, after } = ctx.services;
    const { id, role } = ctx.viewer;
    after?.(0, () => setChatMenu(api, id, t, role));
    return undefined;
  });

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
