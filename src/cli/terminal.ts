/** Where a command speaks: to people on a terminal, to machines by `--json`. Node only. */
import process from 'node:process';
import { createInterface } from 'node:readline/promises';
import pc from 'picocolors';
import { hideKnown, hideSecrets, withoutSecrets } from '../lib/log.ts';
import { asCalledHere, asCalledInJson } from '../settings/command-name.ts';
import { timesAreOf, timesInZone } from '../text/moment.ts';
import { visibleLines } from '../text/visible.ts';
import { type Colors, createColors, inked } from './ink.ts';
import { Interrupted } from './interrupted.ts';
import { type Output, outputs } from './output.ts';

export type { Colors } from './ink.ts';

/** A value of a row says by itself that it is UTC. */
const SHOWN_TIME = /(?<!["\w-])\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?(?!["\d:+Z])/;

export interface Terminal {
  readonly json: boolean;
  /** Coloured only on a terminal (and where NO_COLOR is not set). */
  readonly colors: Colors;
  /** Whether progress is drawn: a person is watching. */
  readonly watched: boolean;
  /** Cells in a line for people; undefined (no terminal, no COLUMNS): lines of any length. */
  readonly columns: number | undefined;
  /** Lines on the screen; undefined likewise (LINES). */
  readonly rows: number | undefined;
  /** The zone in which people read times, once it is known. */
  zone: string | undefined;
  /** Says of which zone the times are, once, where one was told, and on the same stream. */
  tellZone(): void;
  /** Nobody reads the answer any more (`verify --all | head -1`). */
  readonly isDeserted: boolean;
  /** A line for people; control characters and line breaks are shown. Silent with `--json`. */
  say(line: string): void;
  /** Such lines in yellow: nothing failed, and somebody should read them. */
  warn(...lines: readonly string[]): void;
  /** A remark on standard error, so that a pipe gets only the answer; silent with `--json`. */
  note(line: string): void;
  /** Why the command failed: for people on standard error, for machines as the one answer. */
  fail(message: string): void;
  /** The command's one answer for machines; silent without `--json`. */
  answer(value: unknown): void;
  /** The command's answer where it is one long text; resolves when there is room for more. */
  send(chunk: Uint8Array): Promise<void>;
  /** Redraws the progress line; only when watched. */
  draw(line: string): void;
  clear(): void;
  /** Asks for a typed word; false without a terminal. @throws {@link Interrupted} at Ctrl-C */
  confirm(question: string, word: string): Promise<boolean>;
}

export function createTerminal(json: boolean): Terminal {
  const { out, err } = outputs();
  const isTerminal = !json && process.stdout.isTTY === true;
  const colors = createColors(isTerminal && pc.isColorSupported);
  const errColors = createColors(process.stderr.isTTY === true && pc.isColorSupported);
  const watched = !json && process.stderr.isTTY === true;
  let drawn = false;
  let zone: string | undefined;
  const hasTimes = new Set<Output>();
  /** As people read it here. */
  const said = (line: string, where: Output): string => {
    const text = asCalledHere(zone === undefined ? line : timesInZone(line, zone));
    if (SHOWN_TIME.test(text)) hasTimes.add(where);
    return text;
  };
  const clear = (): void => {
    if (drawn) err.write('\r\u001b[2K');
    drawn = false;
  };
  const say = (line: string): void => {
    if (json) return;
    clear();
    out.write(`${inked(said(hideKnown(line), out))}\n`);
  };
  const answer = (value: unknown): void => {
    if (json) out.write(`${visibleLines(asCalledInJson(JSON.stringify(value, withoutSecrets, 2)))}\n`);
  };
  return {
    json,
    colors,
    watched,
    columns: isTerminal ? size(process.stdout.columns, 'COLUMNS', 80) : setSize('COLUMNS'),
    rows: isTerminal ? size(process.stdout.rows, 'LINES', 24) : setSize('LINES'),
    get zone() {
      return zone;
    },
    set zone(known) {
      zone = known;
    },
    tellZone() {
      if (json || zone === undefined) return;
      const line = colors.dim(timesAreOf(zone));
      // Cron mails standard error: good news writes nothing there.
      if (hasTimes.has(out)) out.write(`${inked(line)}\n`);
      else if (hasTimes.has(err)) err.write(`${inked(line)}\n`);
    },
    get isDeserted() {
      return out.isClosed;
    },
    note(line) {
      if (json) return;
      clear();
      err.write(`${inked(said(hideKnown(line), err))}\n`);
    },
    fail(message) {
      clear();
      const error = hideSecrets(message);
      if (json) answer({ ok: false, error: asCalledHere(error) });
      // Wrong settings are told line by line.
      else err.write(`${inked(errColors.red('error:'))} ${visibleLines(said(error, err))}\n`);
    },
    say,
    warn(...lines) {
      for (const line of lines) say(colors.yellow(line));
    },
    answer,
    send: (chunk) => out.send(chunk),
    draw(line) {
      if (!watched) return;
      const columns = size(process.stderr.columns, 'COLUMNS', 80);
      err.write(`\r\u001b[2K${inked(line).slice(0, columns - 1)}`);
      drawn = true;
    },
    clear,
    async confirm(question, word) {
      if (json || process.stdin.isTTY !== true) return false;
      clear();
      const lines = createInterface({ input: process.stdin, output: process.stderr });
      try {
        // Ctrl-D and Ctrl-C end the line without an answer; readline does not report the former.
        let isInterrupted = false;
        lines.once('SIGINT', () => {
          isInterrupted = true;
          lines.close();
        });
        const closed = new Promise<undefined>((resolve) => lines.once('close', () => resolve(undefined)));
        const answer = await Promise.race([
          lines.question(`${inked(said(question, err))}\nType ${word} to go on: `),
          closed,
        ]);
        if (answer === undefined) err.write('\n');
        if (isInterrupted) throw new Interrupted();
        return answer?.trim() === word;
      } finally {
        lines.close();
      }
    },
  };
}

/** A terminal may not know its own size (0, over some serial lines and in containers). */
function size(told: number | undefined, name: 'COLUMNS' | 'LINES', otherwise: number): number {
  return setSize(name) ?? (told === undefined || told === 0 ? otherwise : told);
}

function setSize(name: 'COLUMNS' | 'LINES'): number | undefined {
  const set = Number(process.env[name]);
  return Number.isSafeInteger(set) && set > 0 ? set : undefined;
}
