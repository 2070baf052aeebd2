import type { Migration } from './migration.ts';

/**
 * What is known of the buckets and stands in neither of them (bucket-notes.ts). A table of the
 * engine: it does not go back in time, and what is written here is no change to be stored.
 */
export const bucketNotes: Migration = {
  version: 10,
  name: 'bucket-notes',
  up: () => [
    `CREATE TABLE bucket_notes (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
)`,
  ],
};
