/** A whole change file without a row, as it is stored, for tests of what lies around it. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Previous } from '../../src/backup/catalog/change-position.ts';
import { encodeChangeFile } from '../../src/backup/changes/change-file.ts';
import { changeKey } from '../../src/backup/changes/change-names.ts';

export interface SampleChange {
  /** Its key without a bucket's prefix. */
  readonly file: string;
  readonly body: Uint8Array;
  /** What the next one names. */
  readonly link: Previous;
}

export function sampleChange({
  timeline,
  first,
  last,
  time,
  previous = null,
  appVersion = '0.1.0',
}: {
  readonly timeline: string;
  readonly first: number;
  readonly last: number;
  readonly time: Date;
  readonly previous?: Previous;
  readonly appVersion?: string;
}): SampleChange {
  const file = changeKey('', { timeline, first, last, time, encrypted: false });
  const header = {
    ...{ timeline, first, last, time: time.toISOString(), previous },
    ...{ app_version: appVersion, schema_version: null, schema_sha256: 'ab'.repeat(32), restore_point: true },
  };
  const body = gzipSync(encodeChangeFile({ header, tables: [], sequence: new Map() }));
  return { file, body, link: { file, sha256: createHash('sha256').update(body).digest('hex') } };
}
