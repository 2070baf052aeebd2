/** What the database remembers of the directories that the settings name. Node only. */
import { randomBytes } from 'node:crypto';
import { manifestKey, STEM } from '../../backup/catalog/names.ts';
import { readMemory } from '../../backup/copy/memory.ts';
import type { KnownPlace, PlaceOptions } from '../../backup/store/known-place.ts';
import { copyNote } from '../../db/bucket-notes.ts';
import type { Database } from '../../db/database.ts';
import { keepPlaceNote, type PlaceRole, placeNote } from '../../db/place-notes.ts';
import { newestRun } from '../../db/runs.ts';
import { within } from '../../lib/silence.ts';

/** Runs a question with the database; undefined: there is none, or it does not answer. */
type Ask = <T>(question: (db: Database) => Promise<T>) => Promise<T | undefined>;

/** A command opens it for each, and leaves the file as it is where it only reads. */
export interface AskDatabase {
  readonly read: Ask;
  readonly write: Ask;
  /** A command: what it was told holds until it ends. */
  readonly isBrief: boolean;
}

/** Of a host: undefined until it has taken its database. */
export function hostAsks(database: () => Database | undefined): AskDatabase {
  const ask: Ask = async (question) => {
    const db = database();
    return db && question(db);
  };
  return { read: ask, write: ask, isBrief: false };
}

export interface Place {
  readonly role: PlaceRole;
  readonly path: string;
  /** Of the keys of this bot's objects. */
  readonly prefix: string;
}

/** A command must not hang on the database of another machine. */
const PATIENCE_MS = 5_000;

export function placeOptions(place: Place, ask: AskDatabase): PlaceOptions {
  let told: Promise<KnownPlace | undefined> | undefined;
  const recallNow = () => inTime(ask.read((db) => recall(db, place)));
  return {
    memory: {
      recall() {
        if (!ask.isBrief) return recallNow();
        told ??= recallNow();
        return told;
      },
      async remember(id) {
        await inTime(ask.write((db) => db.write([keepPlaceNote(place.role, place.path, id)])));
      },
    },
    setting: place.role === 'copy' ? 'COPY_DIR' : 'BACKUP_DIR',
    stem: `${place.prefix}${STEM}`,
    newId,
  };
}

function inTime<T>(answer: Promise<T | undefined>): Promise<T | undefined> {
  return within(PATIENCE_MS, () => answer).catch(() => undefined);
}

export function newId(): string {
  return randomBytes(16).toString('hex');
}

/** Of the first bucket a host tells by itself that its newest backup is gone. */
export async function recall(db: Database, { role, path, prefix }: Place): Promise<KnownPlace> {
  const [note, run, copy] = await db.read([placeNote(role, path), newestRun(), copyNote()]);
  const newest = role === 'first' ? run : (readMemory(copy).newest ?? undefined);
  return {
    id: note.id,
    newest: newest === undefined ? undefined : manifestKey(prefix, newest),
    isUsed: role === 'copy' && newest !== undefined && !note.isRoleKnown,
  };
}
