/** Writing one file so that it appears whole or not at all. Node only (node:fs). */
import { createHash, randomUUID } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncDirectory } from '../../lib/disk/directories.ts';
import { isLinkless } from '../../lib/disk/linkless.ts';
import { giveFile } from '../../lib/disk/ownership.ts';
import { writeAll } from '../../lib/disk/write-all.ts';
import type { HeadLastWriter } from '../model/model.ts';
import {
  type DirectoryTools,
  isTaken,
  makeDirectory,
  temporaryName,
  translateFsError,
} from './directory-files.ts';
import { ObjectExists, type WrittenObject, type WrittenPart } from './types.ts';

/** `createOnly` never replaces a file, whoever made it and when; `replace` swaps it in one step. */
type Mode = 'createOnly' | 'replace';

export class DirectoryUpload implements HeadLastWriter<WrittenObject> {
  readonly #tools: DirectoryTools;
  readonly #key: string;
  readonly #mode: Mode;
  readonly #headLength: number;
  readonly #final: string;
  readonly #temporary: string;
  #file: FileHandle | undefined;
  /** The bytes after the head, hashed as they go by. */
  readonly #rest = createHash('sha256');
  #restBytes = 0;
  /** Our file has its name, although `close` may still fail. */
  #published = false;
  #state: 'open' | 'closing' | 'closed' | 'aborted' = 'open';

  private constructor(tools: DirectoryTools, key: string, headLength: number, mode: Mode) {
    this.#tools = tools;
    this.#key = key;
    this.#mode = mode;
    this.#headLength = headLength;
    this.#final = tools.path(key);
    this.#temporary = join(dirname(this.#final), temporaryName(basename(this.#final), randomUUID()));
  }

  static async open(
    tools: DirectoryTools,
    key: string,
    headLength: number,
    mode: Mode,
  ): Promise<DirectoryUpload> {
    const upload = new DirectoryUpload(tools, key, headLength, mode);
    await upload.#named('opening', async () => {
      await makeDirectory(tools.fs, dirname(upload.#final));
      if (mode === 'createOnly') await upload.#refuseExisting();
      upload.#file = await tools.fs.open(upload.#temporary, 'wx', 0o600);
      giveFile(upload.#file.fd, dirname(upload.#final));
    });
    return upload;
  }

  async write(chunk: Uint8Array): Promise<void> {
    const file = this.#expectOpen();
    if (chunk.byteLength === 0) return;
    await this.#named('writing', async () => {
      await writeAll(file, chunk, this.#headLength + this.#restBytes);
      this.#rest.update(chunk);
      this.#restBytes += chunk.byteLength;
    });
  }

  async close(head: Uint8Array): Promise<WrittenObject> {
    const file = this.#expectOpen();
    if (this.#restBytes > 0 && head.byteLength !== this.#headLength) {
      const key = JSON.stringify(this.#key);
      throw new RangeError(`the head of ${key} has ${head.byteLength} bytes, not ${this.#headLength}`);
    }
    this.#state = 'closing';
    await this.#named('writing', async () => {
      await writeAll(file, head, 0);
      await file.sync();
      await this.#closeFile();
    });
    await this.#named('naming', async () => {
      await this.#publish();
      await syncDirectory(dirname(this.#final), this.#tools.fs.open);
    });
    this.#state = 'closed';
    const parts: WrittenPart[] = [];
    const headSha256 = createHash('sha256').update(head).digest('hex');
    if (head.byteLength > 0 || this.#restBytes === 0)
      parts.push({ bytes: head.byteLength, sha256: headSha256 });
    if (this.#restBytes > 0) parts.push({ bytes: this.#restBytes, sha256: this.#rest.digest('hex') });
    return { key: this.#key, bytes: head.byteLength + this.#restBytes, parts };
  }

  async abort(_reason: unknown): Promise<void> {
    if (this.#state === 'closed' || this.#state === 'aborted') return;
    this.#state = 'aborted';
    // What cannot be removed now, `sweep` removes in a later run: the reason for the abort is the
    // error that counts.
    await Promise.allSettled([this.#closeFile()]);
    const traces = this.#published ? [this.#temporary, this.#final] : [this.#temporary];
    await Promise.allSettled(traces.map((path) => this.#tools.fs.rm(path, { force: true })));
  }

  #expectOpen(): FileHandle {
    if (this.#state === 'open' && this.#file !== undefined) return this.#file;
    throw new Error(`the upload of ${JSON.stringify(this.#key)} is ${this.#state}`);
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #publish(): Promise<void> {
    const { fs } = this.#tools;
    if (this.#mode === 'replace') {
      await fs.rename(this.#temporary, this.#final);
      return;
    }
    try {
      // Unlike rename, link refuses a name that is taken, in one step.
      await fs.link(this.#temporary, this.#final);
      this.#published = true;
    } catch (error) {
      if (isTaken(error)) throw this.#keyTaken();
      if (!isLinkless(error)) throw error;
      await this.#refuseExisting();
      await fs.rename(this.#temporary, this.#final);
      this.#published = true;
      return;
    }
    // The object is complete; a temporary name that stays behind is debris for `sweep`.
    await Promise.allSettled([fs.rm(this.#temporary, { force: true })]);
  }

  async #refuseExisting(): Promise<void> {
    const found = await this.#tools.fs.lstat(this.#final).then(
      () => true,
      () => false,
    );
    if (found) throw this.#keyTaken();
  }

  #keyTaken(): ObjectExists {
    return new ObjectExists(`directory ${this.#tools.root} already holds ${JSON.stringify(this.#key)}`);
  }

  async #named(verb: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      const bytes = (this.#headLength + this.#restBytes).toLocaleString('en');
      const what = `${verb} ${JSON.stringify(this.#key)} after ${bytes} bytes`;
      throw await translateFsError(this.#tools, error, what);
    }
  }
}
