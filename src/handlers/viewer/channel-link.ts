/** What a mandatory channel's button opens: one link Telegram refuses would lose the message. */
import { urlOf } from '../../lib/telegram-link.ts';

export interface ChannelAddress {
  /** Chat id or `@name`. */
  readonly chat: string;
  readonly username: string | null;
  readonly inviteLink: string | null;
  readonly link: string | null;
}

/** Undefined when the channel has no address a button could open. */
export function channelUrl(channel: ChannelAddress): string | undefined {
  const byName = channel.username ?? (channel.chat.startsWith('@') ? channel.chat : null);
  return [byName === null ? null : `@${byName.replace(/^@/, '')}`, channel.inviteLink, channel.link]
    .map((address) => (address === null ? undefined : urlOf(address.trim())))
    .find((url) => url !== undefined);
}
