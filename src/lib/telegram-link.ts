/** Addresses of chats, as people write them. Pure. */

const NAME = /^@?([A-Za-z][A-Za-z0-9_]{3,31})$/;
/** Host names with a dot, letters and digits only at the ends of their labels. */
const HOST = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;

/** The address a button opens; undefined if Telegram would refuse it (and the message with it). */
export function urlOf(address: string): string | undefined {
  const name = NAME.exec(address)?.[1];
  if (name !== undefined) return `https://t.me/${name}`;
  const withScheme = /^https?:\/\//i.test(address) ? address : `https://${address}`;
  if (/\s/.test(address) || !URL.canParse(withScheme)) return undefined;
  const url = new URL(withScheme);
  const isPlain = url.username === '' && url.password === '' && HOST.test(url.hostname);
  return isPlain && url.href.length <= 256 ? url.href : undefined;
}

/** Whether it leads into Telegram, as links do that the bot looks up; a file may name any site. */
export function isTelegramLink(address: string): boolean {
  const url = urlOf(address.trim());
  return url !== undefined && /^https?:\/\/(?:[\w-]+\.)?(?:t\.me|telegram\.(?:me|dog))\//.test(url);
}
