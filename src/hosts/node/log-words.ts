/** The entries of the log that every day has, in people's words; JSON has their fields. */

import type { Trigger } from '../../backup/catalog/manifest.ts';
import { timesAreOf } from '../../text/moment.ts';

type Fields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Why a run was made (docs/spec/backup.md "Triggers"). */
const TRIGGERS: Readonly<Record<Trigger, string>> = {
  start: 'at the start',
  schedule: 'by the schedule',
  command: 'asked for',
  migration: 'before the migration',
  deploy: 'before the deploy',
  import: 'before an import',
  restore: 'before a restore',
  changes: 'for the changes that follow',
};

const BACKUPS: Readonly<Record<string, (detail: string) => string>> = {
  done: (name) => `backup ${name} is made and verified`,
  'held already': (name) => `backup ${name} holds all of it already: no other is made`,
  skipped: (why) => `no backup is made: ${why}`,
  failed: (why) => `the backup failed: ${why}`,
};

const UPDATES: Readonly<Record<string, string>> = {
  handled: 'is answered',
  duplicate: 'was answered before',
  ignored: 'needs no answer',
  again: 'could not be answered, and is tried again',
  kept: 'could not be answered; it is kept, and is answered later',
  poison: 'cannot be answered; it is kept for the admins (/admin)',
  later: 'waits, as Telegram asks',
};

/** Undefined: the entry is told by its name and fields. */
export function inWords(event: string, fields: Fields, zone: string): string | undefined {
  const said = (name: string): string => String(fields[name] ?? '');
  switch (event) {
    case 'started':
      return `started: @${said('bot')}, ${said('updates')}, ${said('address')}/healthz tells how it is. ${timesAreOf(zone)}`;
    case 'migrated':
      return `the database has all tables now (migrated from ${said('from')} to ${said('to')})`;
    case 'backup': {
      const words = BACKUPS[said('outcome')];
      const why = (TRIGGERS as Readonly<Record<string, string>>)[said('trigger')];
      if (words === undefined || why === undefined) return undefined;
      return said('damage') === ''
        ? `${words(said('detail'))} (${why})`
        : `backup ${said('detail')} is made (${why}), of a damaged database: ${said('damage')}`;
    }
    case 'update': {
      const words = UPDATES[said('outcome')];
      const error = said('error') === '' ? '' : `: ${said('error')}`;
      return (
        words &&
        `update ${said('update_id')} ${words}${error} (${said('handler') || 'none'}, ${said('ms')} ms)`
      );
    }
  }
  return undefined;
}
