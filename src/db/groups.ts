/**
 * Groups and channels the bot posts to. Nobody may mix up two ids (the old bot did): `id` is the
 * row's, for buttons and other tables; `chatId` is Telegram's, for Bot API calls only.
 */
import { listed, one, type Query, type Statement, sql } from './database.ts';
import type { Row } from './row.ts';
import { shown } from './shown-text.ts';
import { toSqlTime } from './time.ts';

export type ChatKind = 'group' | 'supergroup' | 'channel';

export interface Group {
  readonly id: number;
  readonly chatId: number;
  readonly name: string;
  readonly link: string | null;
  readonly username: string | null;
  readonly kind: ChatKind | null;
  /** Why the last post there failed. */
  readonly problem: string | null;
  readonly anime: number;
}

const GROUP = `SELECT g.id, g.group_id, ${shown('g.name', 'g.link', 'g.username')}, g.kind, g.problem,
  (SELECT COUNT(*) FROM anime_groups AS c WHERE c.group_id = g.id) AS anime FROM groups AS g`;

export function groups(): Query<Group[]> {
  return listed(sql(`${GROUP} ORDER BY g.position, g.id`), readGroup);
}

export function groupById(id: number): Query<Group | undefined> {
  return one(sql(`${GROUP} WHERE g.id = ?`, id), readGroup);
}

export function groupByChat(chatId: number): Query<Group | undefined> {
  return one(sql(`${GROUP} WHERE g.group_id = ?`, chatId), readGroup);
}

export interface NewGroup {
  readonly chatId: number;
  readonly name: string;
  readonly link: string | null;
  readonly username: string | null;
  readonly kind: ChatKind;
}

/** At the end of the list; RETURNING nothing when the chat is there already. */
export function addGroup(group: NewGroup, now: Date): Statement {
  return sql(
    `INSERT INTO groups (group_id, name, link, username, kind, position, created_at)
     SELECT ?, ?, ?, ?, ?, COALESCE(MAX(position), 0) + 1, ? FROM groups WHERE true ON CONFLICT (group_id) DO NOTHING
     RETURNING id`,
    group.chatId,
    group.name,
    group.link,
    group.username,
    group.kind,
    toSqlTime(now),
  );
}

/** Takes over what Telegram says of the chat now. */
export function refreshGroup(id: number, group: Omit<NewGroup, 'chatId'>): Statement {
  return sql(
    'UPDATE groups SET name = ?, link = ?, username = ?, kind = ?, problem = NULL WHERE id = ?',
    group.name,
    group.link,
    group.username,
    group.kind,
    id,
  );
}

export function renameGroup(id: number, name: string): Statement {
  return sql('UPDATE groups SET name = ? WHERE id = ?', name, id);
}

/** What keeps the bot from posting there, or null. */
export function setGroupProblem(id: number, problem: string | null): Statement {
  return sql('UPDATE groups SET problem = ? WHERE id = ?', problem, id);
}

/** Deletes it with its place in every anime's list; the posts there stay. */
export function deleteGroup(id: number): Statement {
  return sql('DELETE FROM groups WHERE id = ?', id);
}

/** Changes places with the one above. */
export function raiseGroup(id: number): readonly Statement[] {
  return raise('groups', id);
}

/**
 * First makes positions distinct (old rows may share one), then swaps the row and the one before
 * it.
 */
export function raise(table: 'groups' | 'mandatory_channels', id: number): readonly Statement[] {
  return [
    sql(
      `UPDATE ${table} SET position = 2 * ranked.rank
       FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY position, id) AS rank FROM ${table}) AS ranked WHERE ranked.id = ${table}.id`,
    ),
    sql(`UPDATE ${table} SET position = position - 3 WHERE id = ?`, id),
  ];
}

function readGroup(row: Row): Group {
  const kind = row.textOrNull('kind');
  return {
    id: row.int('id'),
    chatId: row.int('group_id'),
    name: row.text('name'),
    link: row.textOrNull('link'),
    username: row.textOrNull('username'),
    kind: kind === 'group' || kind === 'supergroup' || kind === 'channel' ? kind : null,
    problem: row.textOrNull('problem'),
    anime: row.int('anime'),
  };
}
