/** What a restore fetches, and where from. */
import type { Bucket } from '../catalog/bucket.ts';
import type { OpenOptions } from '../verify/open-object.ts';
import type { Prepared } from './prepare-task.ts';

export interface RestoreSource extends Prepared {
  /** A SQLite file of our own; nobody else has it open. */
  readonly path: string;
  /** For people: a backup's name or a file. */
  readonly origin: string;
  /** What was odd on the way: the database file was damaged and the document was used. */
  readonly notes: readonly string[];
  /** Of a moment: the tables that its change files tell of. */
  readonly covered?: readonly string[];
  /** Of a moment: the number of the last change that was replayed into it. */
  readonly lastChange?: number | undefined;
}

export interface FetchOptions {
  /**
   * Damage that is met is not kept beside the backup: for fault runs, whose bucket alters what is
   * read from it.
   */
  readonly isForgetful?: boolean | undefined;
  readonly bucket: Bucket;
  readonly keys: OpenOptions['keys'];
  readonly directory: string;
  readonly onBytes?: (bytes: number, total: number) => void;
  readonly signal?: AbortSignal | undefined;
}
