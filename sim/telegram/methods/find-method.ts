import { chatMethods } from './chat-methods.ts';
import { copyMethods } from './copy-methods.ts';
import { downloadMethods } from './download-methods.ts';
import { editMethods } from './edit-methods.ts';
import type { Method } from './method.ts';
import { profileMethods } from './profile-methods.ts';
import { queryMethods } from './query-methods.ts';
import { removeMethods } from './remove-methods.ts';
import { sendMethods } from './send-methods.ts';
import { webhookMethods } from './webhook-methods.ts';

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
