/** The language switch. */
import type { BotContext } from '../../bot/context.ts';
import { feature } from '../../bot/feature.ts';
import { Keyboard } from '../../bot/keyboard.ts';
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
    const keyboard = new Keyboard().button(t.viewer.menu(), { kind: 'menu' });
    await reply(ctx, { text: t.viewer.languageSet(), keyboard, said: t.viewer.languageChosen() });
    const { api, after } = ctx.services;
    const { id, role } = ctx.viewer;
    after?.(0, () => setChatMenu(api, id, t, role));
    return undefined;
  });

/** Every language under its own name. */
function languagesScreen(ctx: BotContext): Screen {
  const keyboard = new Keyboard();
  for (const [i, name] of LOCALE_NAMES.entries()) {
    const mark = name === ctx.viewer?.locale ? '✅ ' : '';
    keyboard.button(`${mark}${textsFor(name).viewer.languageName()}`, { kind: 'language', locale: i });
    if (i % 2 === 1) keyboard.row();
  }
  keyboard.button(ctx.t.viewer.menu(), { kind: 'menu' });
  return { text: ctx.t.viewer.chooseLanguage(), keyboard };
}
