/** How `npm run setup` speaks with a person: a port, so that tests answer in their place, and the real one. Node only. */
import process from 'node:process';
import * as clack from '@clack/prompts';
import { visibleLines } from '../../text/visible.ts';

/** The person pressed Ctrl-C. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

export interface Question {
  /** The setting. */
  readonly name: string;
  readonly message: string;
  /** Not shown while it is typed. */
  readonly secret?: boolean;
  /** May be left empty. */
  readonly optional?: boolean;
  /** What is wrong with the shape of an answer; it is asked for again in the same field. */
  readonly problem?: (answer: string) => string | undefined;
  /** What is known already: the default. Of a secret only that it is known is said. */
  readonly known?: string;
}

export interface Prompts {
  /** The trimmed answer; empty only for an optional question, or for a secret that is kept. @throws {@link Cancelled} */
  ask(question: Question): Promise<string>;
  /** @throws {@link Cancelled} */
  confirm(message: string, initial: boolean): Promise<boolean>;
  /** Something takes a moment; `end` says how it went. */
  begin(text: string): { end(text: string): void };
  say(kind: 'intro' | 'good' | 'bad' | 'note' | 'outro', text: string): void;
}

export const terminalPrompts: Prompts = {
  async ask({ message, secret, optional, known, problem }) {
    const isKept = secret === true && known !== undefined;
    const validate = (value: string | undefined): string | undefined => {
      const given = (value ?? '').trim();
      if (given === '') return optional !== true && !isKept ? 'needed' : undefined;
      return isKept && given === '-' ? undefined : problem?.(given);
    };
    const kept = optional === true ? ' (kept: Enter keeps it, - removes it)' : ' (kept: Enter keeps it)';
    const answer = await (secret === true
      ? clack.password({ message: isKept ? message + kept : message, validate })
      : clack.text({ message, validate, ...(known !== undefined && { initialValue: known }) }));
    if (clack.isCancel(answer)) throw new Cancelled('cancelled');
    return (answer ?? '').trim();
  },
  async confirm(message, initial) {
    const answer = await clack.confirm({ message, initialValue: initial });
    if (clack.isCancel(answer)) throw new Cancelled('cancelled');
    return answer;
  },
  begin(text) {
    // What is piped or logged wants no pictures.
    if (process.stdout.isTTY !== true) return { end: clack.log.step };
    const spinner = clack.spinner();
    spinner.start(text);
    return { end: (result) => spinner.stop(result) };
  },
  say(kind, text) {
    const say = {
      intro: clack.intro,
      good: clack.log.success,
      bad: clack.log.error,
      note: clack.log.message,
      outro: clack.outro,
    } as const;
    say[kind](visibleLines(text));
  },
};
