import { baseline } from './0001-baseline.ts';
import { backup } from './0002-backup.ts';
import { viewer } from './0003-viewer.ts';
import { admin } from './0004-admin.ts';
import { trouble } from './0005-trouble.ts';
import { waiting } from './0006-waiting.ts';
import { questions } from './0007-questions.ts';
import { archive } from './0008-archive.ts';
import { changes } from './0009-changes.ts';
import { bucketNotes } from './0010-bucket-notes.ts';
import type { Migration } from './migration.ts';

/** Every step, in order, numbered without gaps. */
export const migrations: readonly Migration[] = [
  baseline,
  backup,
  viewer,
  admin,
  trouble,
  waiting,
  questions,
  archive,
  changes,
  bucketNotes,
];
