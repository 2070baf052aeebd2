/** The database file that was opened, whatever becomes of its name. Node only. */
import Sqlite from 'libsql';
import { type FileWatch, watchFile } from './in-place.ts';
import { noteClosed, noteOpened, noteWatched } from './open-here.ts';
import { type LostFile, rescue } from './rescue.ts';

/**
 * Held until the process ends: the last connection to close would checkpoint its log into whatever
 * now stands at the path.
 */
const abandoned: unknown[] = [];

interface Options {
  /** As it was named; `file` is where that leads. */
  readonly path: string;
  readonly file: string;
  readonly busyTimeoutMs: number;
  /** Absent: nothing is rescued. */
  readonly onLost: ((lost: LostFile) => Promise<void>) | undefined;
  /** Who else has the file open here: left open when the file is lost. */
  readonly client: unknown;
}

export class HeldFile {
  readonly #options: Options;
  #watch: FileWatch | undefined;
  #keeper: Sqlite.Database | undefined;
  #isOpen = true;
  #told: Promise<void> | undefined;

  constructor(options: Options) {
    this.#options = options;
    noteOpened(options.file);
  }

  /** Of another program's file only the place is watched: its bytes stay as they are. */
  watch(): void {
    this.#watch ??= watchFile(this.#options.file);
  }

  /** Keeps the file and its log open while they are used, and notices when they are replaced. */
  hold(): void {
    const { file, busyTimeoutMs } = this.#options;
    this.#watch ??= watchFile(file);
    noteWatched(file, this.#watch);
    this.#keeper = new Sqlite(file, { timeout: busyTimeoutMs });
    this.#keeper.exec('SELECT 1 FROM sqlite_schema');
    this.#watch.holdLog();
  }

  /** Whether the path leads to another file now. Then the content is rescued, once. */
  isLost(): boolean {
    const loss = this.#isOpen ? this.#watch?.look() : undefined;
    if (loss === undefined) return false;
    if (this.#told === undefined) {
      const { path, file, client, onLost } = this.#options;
      abandoned.push(client, this.#keeper);
      this.#told = onLost?.(rescue(path, file, this.#keeper, loss, this.#watch?.device)) ?? Promise.resolve();
    }
    return true;
  }

  /** Ends when the loss was told. */
  get told(): Promise<void> | undefined {
    return this.#told;
  }

  close(): void {
    if (this.#isOpen) noteClosed(this.#options.file);
    this.#isOpen = false;
    this.#keeper?.close();
  }
}
