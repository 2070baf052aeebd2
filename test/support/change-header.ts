/** A header of a change file, for tests that write such files themselves. */
export const CHANGE_HEADER = {
  timeline: '1'.padStart(32, '0'),
  first: 1,
  last: 1,
  time: '2026-06-15T02:00:00.000Z',
  app_version: '0.1.0',
  schema_version: 1,
  schema_sha256: 'ab'.repeat(32),
  previous: null,
  restore_point: true,
};
