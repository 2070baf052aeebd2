import { chatMethods } from './chats.ts';
import type { Method } from './context.ts';
import { copyMethods } from './copy.ts';
import { downloadMethods } from './download.ts';
import { editMethods } from './edit.ts';
import { profileMethods } from './profile.ts';
import { queryMethods } from './queries.ts';
import { removeMethods } from './remove.ts';
import { sendMethods } from './send.ts';
import { webhookMethods } from './webhook.ts';

const all: Record<string, Method> = {
  ...profileMethods,
  ...webhookMethods,
  ...sendMethods,
  ...editMethods,
  ...removeMethods,
  ...copyMethods,
  ...queryMethods,
  ...chatMethods,
  ...downloadMethods,
};

/** Method names are case-insensitive: the map is by lower case, with the documented spelling. */
const byName = new Map(Object.entries(all).map(([name, method]) => [name.toLowerCase(), { name, method }]));

export function findMethod(name: string): { name: string; method: Method } | undefined {
  return byName.get(name.toLowerCase());
}
