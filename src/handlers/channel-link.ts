/** The address a mandatory channel's button opens; only addresses Telegram takes (one bad link would refuse the whole message). */

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

const NAME = /^@?([A-Za-z][A-Za-z0-9_]{3,31})$/;
/** Host names with a dot, letters and digits only at the ends of their labels. */
const HOST = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;

function urlOf(address: string): string | undefined {
  const name = NAME.exec(address)?.[1];
  if (name !== undefined) return `https://t.me/${name}`;
  const withScheme = /^https?:\/\//i.test(address) ? address : `https://${address}`;
  if (/\s/.test(address) || !URL.canParse(withScheme)) return undefined;
  const url = new URL(withScheme);
  const isPlain = url.username === '' && url.password === '' && HOST.test(url.hostname);
  return isPlain && url.href.length <= 256 ? url.href : undefined;
}
