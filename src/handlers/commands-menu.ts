/**
 * What Telegram itself shows of the bot: the menu of commands beside the input line, and the
 * description in an empty chat. Every call is cosmetic (cosmetic-calls.ts): its failure is logged,
 * and the next start tries again.
 */
import type { Api } from 'grammy';
import type { BotCommand, LanguageCode } from 'grammy/types';
import type { Staff } from '../db/admins.ts';
import { type Texts, textsFor, textsIn } from '../locales/index.ts';
import type { LocaleName } from '../settings/config.ts';

const LANGUAGES = ['uz', 'ru', 'en'] as const satisfies readonly (LanguageCode & LocaleName)[];

/** Telegram knows no scripts: Uzbek is read in the script of a bot that speaks it. */
function localeFor(language: (typeof LANGUAGES)[number], defaultLocale: LocaleName): LocaleName {
  return language === 'uz' && defaultLocale === 'uz-Cyrl' ? 'uz-Cyrl' : language;
}

/**
 * Menu and descriptions in every language we speak and, for all others, the default one: 12 Bot API
 * calls, and one for each of the `staff`, whose own chats have the admins' commands too. Begins no
 * call after `signal` is aborted.
 */
export async function installCommands(
  api: Api,
  {
    defaultLocale,
    staff,
    signal,
  }: {
    readonly defaultLocale: LocaleName;
    readonly staff: readonly Staff[];
    readonly signal?: AbortSignal;
  },
): Promise<void> {
  const texts: readonly [Texts, { language_code?: LanguageCode }][] = [
    [textsFor(defaultLocale), {}],
    ...LANGUAGES.map(
      (language) =>
        [textsFor(localeFor(language, defaultLocale)), { language_code: language }] as [
          Texts,
          { language_code: LanguageCode },
        ],
    ),
  ];
  const calls = [
    ...texts.flatMap(([t, language]) => [
      () => api.setMyCommands(viewerCommands(t), language),
      () => api.setMyDescription(t.viewer.about(), language),
      () => api.setMyShortDescription(t.viewer.aboutShort(), language),
    ]),
    ...staff.map((one) => () => setChatMenu(api, one.id, textsIn(one.language, defaultLocale), one.role)),
  ];
  for (const call of calls) {
    if (signal?.aborted === true) return;
    await call();
  }
}

/** The menu of one person's chat: in the language they chose, with the commands of their role. */
export async function setChatMenu(
  api: Api,
  userId: number,
  t: Texts,
  role: Staff['role'] | undefined,
): Promise<void> {
  const commands = [...(role === undefined ? [] : adminCommands(t, role)), ...viewerCommands(t)];
  await api.setMyCommands(commands, { scope: { type: 'chat', chat_id: userId } });
}

/** What only owners may do is no command to other admins. */
function adminCommands(t: Texts, role: Staff['role']): BotCommand[] {
  return Object.entries(t.admin.system.commandList())
    .filter(([command]) => role === 'owner' || command !== 'admins')
    .map(([command, description]) => ({ command, description }));
}

/** The commands of Telegram's own menu, in one language. */
export function viewerCommands(t: Texts): readonly BotCommand[] {
  return Object.entries(t.viewer.commands()).map(([command, description]) => ({ command, description }));
}
