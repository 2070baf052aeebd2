/** What setup knows so far, what of it `.env` lacks, and writing that file. Node only. */
import { chmodSync, existsSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { FILE_NAMES } from '../../settings/setting-places.ts';

type Values = Readonly<Record<string, string | undefined>>;

export class Settings {
  readonly known: Record<string, string | undefined>;
  /** For the file. An empty value sets nothing: the setting was removed. */
  readonly added = new Map<string, string>();
  readonly #inFile: Values;
  readonly #env: Values;

  constructor(inFile: Values, env: Values) {
    this.known = { ...inFile, ...env };
    this.#inFile = inFile;
    this.#env = env;
    for (const name of FILE_NAMES) {
      const value = env[name];
      // What is proved must be what the next start reads.
      if (value !== undefined && value.trim() !== (inFile[name] ?? '').trim()) this.added.set(name, value);
    }
  }

  /** Names whose value in the file the environment replaces. */
  replaced(): string[] {
    return [...this.added.keys()].filter((name) => {
      const value = this.#env[name];
      return value !== undefined && value === this.added.get(name) && this.#inFile[name] !== undefined;
    });
  }

  /** Empty when it is not set. */
  text(name: string): string {
    return (this.known[name] ?? '').trim();
  }

  has(name: string): boolean {
    return this.text(name) !== '';
  }

  set(name: string, value: string): void {
    if (this.known[name] === value) return;
    this.known[name] = value;
    this.added.set(name, value);
  }

  remove(name: string): void {
    delete this.known[name];
    this.added.delete(name);
    if ((this.#inFile[name] ?? this.#env[name] ?? '') !== '') this.added.set(name, '');
  }

  /** Names that the environment has with another value: it wins over the file. */
  overruled(): string[] {
    return [...this.added.keys()].filter((name) => {
      const value = this.#env[name] ?? '';
      return value !== '' && value !== this.added.get(name);
    });
  }
}

/** Whole or not at all; a link stays a link. */
export function writeSettings(file: string, text: string): void {
  const path = existsSync(file) ? realpathSync(file) : file;
  const draft = `${path}.${process.pid}.new`;
  writeFileSync(draft, text, { mode: 0o600 });
  chmodSync(draft, 0o600);
  renameSync(draft, path);
}

/** The file's text with these settings set or appended, quoted where they need it. */
export function withSettings(text: string, settings: ReadonlyMap<string, string>): string {
  const left = new Map(settings);
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  const kept = lines.map((line) => {
    const name = /^\s*([A-Z][A-Z0-9_]*)\s*=/.exec(line)?.[1];
    const value = name === undefined ? undefined : left.get(name);
    if (name === undefined || value === undefined) return line;
    left.delete(name);
    return `${name}=${quote(value)}`;
  });
  const added = [...left].map(([name, value]) => `${name}=${quote(value)}`);
  return `${[...kept, ...added].join('\n')}\n`;
}

/** process.loadEnvFile takes single quotes literally: a value with one gets other quotes. */
function quote(value: string): string {
  if (value.includes('\n')) throw new RangeError('a setting cannot hold a line break');
  if (/^[\w@%+=:,./-]*$/.test(value)) return value;
  const mark = ["'", '"', '`'].find((candidate) => !value.includes(candidate));
  if (mark === undefined) throw new RangeError('a setting cannot hold all three kinds of quotes');
  return `${mark}${value}${mark}`;
}
