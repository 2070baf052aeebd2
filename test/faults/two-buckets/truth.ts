/** What was made, byte for byte, whatever becomes of it: what the two buckets are held against. */
import { Buffer } from 'node:buffer';
import type { ManifestChanges } from '../../../src/backup/catalog/change-position.ts';
import type { BackupName } from '../../../src/backup/catalog/names.ts';
import { parseChangeKey } from '../../../src/backup/changes/change-names.ts';
import { keyBefore } from '../../../src/backup/changes/previous.ts';

export interface MadeBackup {
  readonly name: BackupName;
  /** Ms since 1970, by no host's clock. */
  readonly time: number;
  /** By key without a prefix: database, document, manifest. */
  readonly objects: ReadonlyMap<string, Uint8Array>;
  readonly manifest: string;
  readonly changes: ManifestChanges;
  readonly isSafety: boolean;
  /** Rows of the table that must not shrink unnoticed. */
  readonly rows: number;
}

export interface MadeChange {
  readonly file: string;
  readonly timeline: string;
  readonly last: number;
  readonly time: number;
}

export class Truth {
  readonly bytes: Map<string, Uint8Array>;
  readonly backups: Map<BackupName, MadeBackup>;
  readonly changes: Map<string, MadeChange>;
  /** Names of backups, and change files, that were said to be stored. */
  readonly proved: Set<string>;
  /** Backups whose runs came to their end. */
  readonly done: Set<BackupName>;
  /** Of other bots, and of people: nobody may touch them. */
  readonly foreign = new Map<string, Uint8Array>();

  constructor(known?: Truth) {
    this.bytes = new Map(known?.bytes);
    this.backups = new Map(known?.backups);
    this.changes = new Map(known?.changes);
    this.proved = new Set(known?.proved);
    this.done = new Set(known?.done);
  }

  /** Before it is stored. */
  addBackup(backup: MadeBackup): void {
    this.backups.set(backup.name, backup);
    for (const [file, body] of backup.objects) this.bytes.set(file, body);
  }

  /** Given to the bucket, perhaps in vain. */
  addChange(file: string, body: Uint8Array, time: number): void {
    const key = parseChangeKey('', file);
    if (key === undefined) return;
    this.bytes.set(file, body.slice());
    this.changes.set(file, { file, timeline: key.timeline, last: key.last, time });
  }

  isRight(file: string, body: Uint8Array | undefined): boolean {
    const right = this.bytes.get(file);
    return right !== undefined && body !== undefined && Buffer.compare(right, body) === 0;
  }

  /** Every file that was said to be stored. */
  *provedFiles(): Generator<string> {
    for (const name of this.proved) {
      const backup = this.backups.get(name);
      if (backup === undefined) yield name;
      else yield* backup.objects.keys();
    }
  }

  /** The last change that a full backup holds and no file behind it tells. */
  heldBy({ changes: { seq, previous, timeline } }: MadeBackup): number {
    if (previous === null || 'file' in previous) return Math.min(seq, keyBefore(previous)?.last ?? seq);
    const before = this.backups.get(previous.base)?.changes;
    return Math.min(seq, before?.timeline === timeline ? before.seq : seq);
  }
}
