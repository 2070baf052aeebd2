/** What is remembered of the buckets: single values by name, in a table of the engine. */
import * as v from 'valibot';
import { readJson } from '../lib/read-json.ts';
import { one, type Query, type Statement, sql } from './database.ts';

/** Of the second copy of backups (backup/copy/memory.ts). */
export function copyNote(): Query<string | undefined> {
  return one(sql("SELECT value FROM bucket_notes WHERE key = 'copy'"), (row) => row.text('value'));
}

export function keepCopyNote(text: string): Statement {
  return keep('copy', text);
}

/** The copy is another one: what is known of the old one does not hold. */
export function forgetCopyNote(): Statement {
  return sql("DELETE FROM bucket_notes WHERE key = 'copy'");
}

/** Of the look at all that is stored (jobs/look-back.ts). */
export function lookNote(): Query<string | undefined> {
  return one(sql("SELECT value FROM bucket_notes WHERE key = 'look-back'"), (row) => row.text('value'));
}

export function keepLookNote(text: string): Statement {
  return keep('look-back', text);
}

/** Change files that a full backup found to be gone from the bucket (jobs/watch-changes.ts). */
export interface LostChanges {
  readonly timeline: string;
  /** The first change that no file has. */
  readonly first: number;
  /** ISO time: no moment from before the backup is kept any longer. */
  readonly until: string;
}

const lostChanges = v.object({ timeline: v.string(), first: v.number(), until: v.string() });

export function lostChangesNote(): Query<LostChanges | undefined> {
  return one(sql("SELECT value FROM bucket_notes WHERE key = 'lost-changes'"), (row) => {
    const parsed = v.safeParse(lostChanges, readJson<object>(row.text('value')));
    return parsed.success ? parsed.output : undefined;
  });
}

export function keepLostChanges(lost: LostChanges): Statement {
  return keep('lost-changes', JSON.stringify(lost));
}

export function forgetLostChanges(): Statement {
  return sql("DELETE FROM bucket_notes WHERE key = 'lost-changes'");
}

/** Up to when the bucket had changes that this database lacked, as the owners were told. */
export function wentOnNote(): Query<string | undefined> {
  return one(sql("SELECT value FROM bucket_notes WHERE key = 'went-on'"), (row) => row.text('value'));
}

export function keepWentOn(until: string): Statement {
  return keep('went-on', until);
}

/**
 * ISO time: what was lost up to then the owner does not miss (`accept database`).
 */
export function meantNote(): Query<string | undefined> {
  return one(sql("SELECT value FROM bucket_notes WHERE key = 'meant'"), (row) => row.text('value'));
}

export function keepMeant(until: string): Statement {
  return keep('meant', until);
}

/** What became of full backups that changes asked for (jobs/keep-changes.ts). */
export interface BaseFailures {
  /** When those began that got no name, so that no run is on record; the newest first. */
  readonly tries: readonly Date[];
  /** The kind of failure that the owners were told of; null: the last one went well. */
  readonly told: string | null;
}

const baseFailures = v.object({ tries: v.array(v.string()), told: v.nullable(v.string()) });

export function baseFailuresNote(): Query<BaseFailures | undefined> {
  return one(sql("SELECT value FROM bucket_notes WHERE key = 'base-failures'"), (row) => {
    const parsed = v.safeParse(baseFailures, readJson<object>(row.text('value')));
    return parsed.success
      ? { ...parsed.output, tries: parsed.output.tries.map((at) => new Date(at)) }
      : undefined;
  });
}

export function keepBaseFailures(failures: BaseFailures): Statement {
  return keep('base-failures', JSON.stringify(failures));
}

function keep(key: string, value: string): Statement {
  return sql(
    'INSERT INTO bucket_notes (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    key,
    value,
  );
}
