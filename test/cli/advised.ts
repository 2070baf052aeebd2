/** The commands that a text tells a person to run, as a shell would take them. */
import { type CliResult, runCli } from './spawn-cli.ts';

interface Advised {
  /** As printed, without `npm run backup --`. */
  readonly text: string;
  readonly args: readonly string[];
  /** Settings that stand before it. */
  readonly env: Readonly<Record<string, string>>;
}

/** A word of a command ends before a sentence's punctuation; what is quoted may hold spaces. */
const WORD = String.raw`(?:"[^"]*"|[\w/=+@<-](?:[\w./:+@=,*-]*[\w/=>-])?)`;
const COMMAND = new RegExp(String.raw`((?:[A-Z_]+=\S* )*)npm run backup -- (${WORD}(?: ${WORD})*)`, 'g');

/** In their order. No word follows a command: it ends a sentence, or stands in backticks. */
function advisedIn(text: string): Advised[] {
  return [...text.matchAll(COMMAND)].map(([, settings = '', command = '']) => ({
    text: command,
    args: [...command.matchAll(new RegExp(WORD, 'g'))].map(([word]) => word.replaceAll('"', '')),
    env: Object.fromEntries(
      settings
        .trim()
        .split(' ')
        .filter((one) => one !== '')
        .map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]),
    ),
  }));
}

/** Runs the command of the text that `pick` matches, as printed; `--yes` stands for the answer. */
export async function runAdvised(
  cwd: string,
  env: Readonly<Record<string, string>>,
  text: string,
  pick: RegExp,
): Promise<CliResult & { readonly command: string }> {
  const found = advisedIn(text).find((one) => pick.test(one.text));
  if (found === undefined) throw new Error(`no command ${pick} in:\n${text}`);
  const isAsked = found.args[0] === 'restore';
  const result = await runCli(cwd, { ...env, ...found.env }, ...found.args, ...(isAsked ? ['--yes'] : []));
  return { ...result, command: found.text };
}
