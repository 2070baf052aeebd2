/** Every chat the bot has work in: where it posts, and where it looks who is subscribed. */
import { forgetNotice, noticeAdmins } from './admin-notices.ts';
import { archiveJudged } from './archive.ts';
import { listed, type Query, type Statement, sql } from './database.ts';
import { channelBroken, channelFine } from './gate-channels.ts';
import { setGroupProblem } from './groups.ts';
import { mergeGroups, mergeMandatory } from './merge-chats.ts';
import { shown } from './shown-text.ts';

export interface ChatUse {
  readonly kind: 'group' | 'channel' | 'archive';
  /** The id of the row. */
  readonly id: number;
  /** Chat id, or `@name` (old databases). */
  readonly chat: string;
  readonly name: string;
  readonly isBroken: boolean;
}

const USES = `SELECT 'group' AS kind, id, CAST(group_id AS TEXT) AS chat, ${shown('name')}, problem IS NOT NULL AS broken FROM groups
  UNION ALL SELECT 'channel', id, channel_id, ${shown('name')}, check_state = 'broken' FROM mandatory_channels
  UNION ALL SELECT 'archive', id, CAST(chat_id AS TEXT), ${shown('name')}, problem IS NOT NULL FROM archive_channel`;

/** Any `limit` of them, so that all get their turn; or the uses of one chat. */
export function chatUses(
  limit: number,
  only?: { readonly id: number; readonly username?: string | undefined },
): Query<ChatUse[]> {
  return listed(
    sql(
      `SELECT * FROM (${USES}) WHERE ?1 IS NULL OR chat = ?1 OR lower(chat) = ?2 ORDER BY random() LIMIT ?3`,
      only === undefined ? null : String(only.id),
      `@${only?.username?.toLowerCase() ?? ''}`,
      limit,
    ),
    (row) => ({
      kind: readKind(row.text('kind')),
      id: row.int('id'),
      chat: row.text('chat'),
      name: row.text('name'),
      isBroken: row.bool('broken'),
    }),
  );
}

function readKind(kind: string): ChatUse['kind'] {
  return kind === 'group' || kind === 'archive' ? kind : 'channel';
}

/**
 * Records what is wrong with a chat, or that it is well again; the owners hear of each trouble
 * once.
 */
export function chatJudged(
  use: Pick<ChatUse, 'kind' | 'id' | 'name' | 'isBroken'>,
  reason: string | undefined,
  now: Date,
): readonly Statement[] {
  const { kind, id, name } = use;
  const isGroup = kind === 'group';
  const key = `${isGroup ? 'chat' : 'channel'}:${id}`;
  if (reason === undefined && !use.isBroken) return [];
  if (kind === 'archive') return archiveJudged(name, reason, now);
  if (reason === undefined)
    return [isGroup ? setGroupProblem(id, null) : channelFine(id, now), forgetNotice(key)];
  return [
    isGroup ? setGroupProblem(id, reason) : channelBroken(id, reason, now),
    noticeAdmins(key, { kind: isGroup ? 'chat' : 'channel-unchecked', name, reason }, now),
  ];
}

/**
 * A group became a supergroup and got another id. Its row keeps its own id, so references to it
 * stay valid.
 */
export function chatMoved(from: number, to: number): readonly Statement[] {
  return [
    ...mergeGroups(from, to),
    sql(`UPDATE groups SET group_id = ?2, kind = 'supergroup' WHERE group_id = ?1`, from, to),
    ...mergeMandatory(String(from), String(to)),
    sql('UPDATE archive_channel SET chat_id = ?2 WHERE chat_id = ?1', from, to),
    sql(
      'UPDATE mandatory_channels SET channel_id = ?2, checked_at = NULL WHERE channel_id = ?1',
      String(from),
      String(to),
    ),
  ];
}
