/** Where a command speaks: people on a terminal, machines by `--json`. Node only. */
import process from 'node:process';
import { createInterface } from 'node:readline/promises';
import pc from 'picocolors';

export type Colors = ReturnType<typeof pc.createColors>;

export interface Terminal {
  readonly json: boolean;
  /** Coloured only on a terminal (and where NO_COLOR is not set). */
  readonly colors: Colors;
  /** Whether progress is drawn: a person is watching. */
  readonly watched: boolean;
  /** A line for people; silent with `--json`. */
  say(line: string): void;
  /** The command's one answer for machines; silent without `--json`. */
  answer(value: unknown): void;
  /** Redraws the progress line; only when watched. */
  draw(line: string): void;
  clear(): void;
  /** Asks for a word typed out; false without a terminal. `--yes` is looked at by the caller. */
  confirm(question: string, word: string): Promise<boolean>;
}

export function createTerminal(json: boolean): Terminal {
  const colors = pc.createColors(!json && pc.isColorSupported && process.stdout.isTTY === true);
  const watched = !json && process.stderr.isTTY === true;
  let drawn = false;
  const clear = (): void => {
    if (drawn) process.stderr.write('\r\u001b[2K');
    drawn = false;
  };
  return {
    json,
    colors,
    watched,
    say(line) {
      if (json) return;
      clear();
      process.stdout.write(`${line}\n`);
    },
    answer(value) {
      if (json) process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    },
    draw(line) {
      if (!watched) return;
      const columns = process.stderr.columns ?? 80;
      process.stderr.write(`\r\u001b[2K${line.slice(0, columns - 1)}`);
      drawn = true;
    },
    clear,
    async confirm(question, word) {
      if (json || process.stdin.isTTY !== true) return false;
      clear();
      const lines = createInterface({ input: process.stdin, output: process.stderr });
      try {
        return (await lines.question(`${question}\nType ${word} to go on: `)).trim() === word;
      } finally {
        lines.close();
      }
    },
  };
}
