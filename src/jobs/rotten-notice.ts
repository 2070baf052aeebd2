/** Word to the owners of stored files that are damaged. */
import { noticeAdmins } from '../db/admin-notices.ts';
import type { Statement } from '../db/database.ts';

/** What a message has room for. */
const NAMED = 3;

export function rottenNotice(names: readonly string[], isMended: boolean, now: Date): Statement[] {
  const [first] = names;
  if (first === undefined) return [];
  const notice = { kind: 'rotten', names: names.slice(0, NAMED), count: names.length, isMended } as const;
  return [noticeAdmins(`rotten:${isMended ? 'mended' : 'bad'}:${first}`, notice, now)];
}
