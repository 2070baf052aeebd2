/** How `npm run setup` talks with a person: a port that tests can answer. Node only. */
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
  /** Hidden while it is typed. */
  readonly secret?: boolean;
  /** May be left empty. */
  readonly optional?: boolean;
  /** What is wrong with the form of an answer; the same field asks again. */
  readonly problem?: (answer: string) => string | undefined;
  /** The known value is the default. Of a secret only {@link message} says that it is known. */
  readonly known?: string;
}

export interface Prompts {
  /** Trimmed; empty only if optional, or for a secret that stays. @throws {@link Cancelled} */
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
    const answer = await (secret === true
      ? clack.password({ message, validate })
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
    // Pipes and logs need no pictures.
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
