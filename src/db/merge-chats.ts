/**
 * A group became a supergroup, and a list has both: one row stays, the older chat's, with what both
 * had. Statements of one batch; they change nothing where there are no two rows.
 */
import { type Statement, sql } from './database.ts';

/** Of the row that stays, and of the one that goes. */
const BOTH = `groups AS a JOIN groups AS b ON a.group_id = ?1 AND b.group_id = ?2`;
const KEPT = `(SELECT a.id FROM ${BOTH})`;
const GONE = `(SELECT b.id FROM ${BOTH})`;

export function mergeGroups(from: number, to: number): readonly Statement[] {
  const texts = [
    // A chat that has a card does not get it again under the other id.
    `DELETE FROM posts WHERE group_id = ${KEPT} AND state <> 'sent' AND posting_id IN
       (SELECT posting_id FROM posts WHERE group_id = ${GONE} AND state = 'sent')`,
    // What the kept row already has goes with the other row.
    ...['posts', 'anime_groups', 'draft_groups'].map(
      (table) => `UPDATE OR IGNORE ${table} SET group_id = ${KEPT} WHERE group_id = ${GONE}`,
    ),
    `UPDATE broadcasts SET group_id = ${KEPT} WHERE group_id = ${GONE}`,
    ...['UPDATE OR IGNORE broadcast_retries SET recipient = :kept', 'DELETE FROM broadcast_retries'].map(
      (act) => `${act.replace(':kept', KEPT)} WHERE recipient = ${GONE} AND broadcast_id IN
         (SELECT id FROM broadcasts WHERE audience <> 'users')`,
    ),
    `DELETE FROM admin_notices WHERE key = 'chat:' || ${GONE}`,
    `DELETE FROM groups WHERE id = ${GONE}`,
  ];
  return [
    // What Telegram said of the supergroup counts.
    sql(
      `UPDATE groups SET (link, username, problem) = (SELECT COALESCE(b.link, a.link), b.username, b.problem FROM ${BOTH})
       WHERE id = ${KEPT}`,
      from,
      to,
    ),
    ...texts.map((text) => sql(text, from, to)),
  ];
}

export function mergeMandatory(from: string, to: string): readonly Statement[] {
  const both = `mandatory_channels AS a JOIN mandatory_channels AS b ON a.channel_id = ?1 AND b.channel_id = ?2`;
  return [
    sql(
      `UPDATE mandatory_channels SET (link, username, invite_link, kind) =
         (SELECT COALESCE(b.link, a.link), b.username, COALESCE(b.invite_link, a.invite_link), b.kind FROM ${both})
       WHERE id = (SELECT a.id FROM ${both})`,
      from,
      to,
    ),
    sql(`DELETE FROM admin_notices WHERE key = 'channel:' || (SELECT b.id FROM ${both})`, from, to),
    sql(`DELETE FROM mandatory_channels WHERE id = (SELECT b.id FROM ${both})`, from, to),
  ];
}
