/** Single settings from an environment, checked one by one. */
// On Node croner checks it; the Worker's triggers are in wrangler.toml (package.json, "imports").
import { cronProblem } from '#cron-pattern';
import { readJson } from '../lib/read-json.ts';
import { timeFormat } from '../text/times.ts';

export type Environment = Readonly<Record<string, unknown>>;

/** Errors, logs and descriptions that quote an address would print it. */
export function holdsSecret(address: string): boolean {
  const url = new URL(address);
  const names = [...url.searchParams.keys()];
  return url.username + url.password !== '' || names.some((name) => /token|secret|passw|jwt|key/i.test(name));
}

/** Reads single settings and collects what is wrong, without throwing: one report tells it all. */
export class Reader {
  readonly problems: string[] = [];
  readonly #env: Environment;
  constructor(env: Environment) {
    this.#env = env;
  }

  /** The trimmed text; an empty one counts as absent, since `.env` files often have `NAME=`. */
  text(name: string): string | undefined {
    const value = this.#env[name];
    if (value === undefined || value === null) return undefined;
    // Wrangler hands JSON-looking vars over as objects.
    const text = (typeof value === 'string' ? value : JSON.stringify(value)).trim();
    return text === '' ? undefined : text;
  }

  require(name: string, hint: string): void {
    if (this.text(name) === undefined) this.problems.push(`${name}: missing; ${hint}`);
  }

  matching(name: string, pattern: RegExp, shape: string): string | undefined {
    return this.#checked(name, (text) => (pattern.test(text) ? text : undefined), shape);
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T | undefined {
    return this.#checked(
      name,
      (text) => values.find((value) => value === text),
      `one of ${values.join(', ')}`,
    );
  }

  integer(name: string, least: number, most: number): number | undefined {
    const parse = (text: string): number | undefined => {
      const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
      return number >= least && number <= most ? number : undefined;
    };
    return this.#checked(name, parse, `a whole number from ${least} to ${most}`);
  }

  flag(name: string): boolean | undefined {
    const parse = (text: string): boolean | undefined =>
      /^(1|true|yes|on)$/i.test(text) ? true : /^(0|false|no|off)$/i.test(text) ? false : undefined;
    return this.#checked(name, parse, 'true or false');
  }

  url(name: string): string | undefined {
    const parse = (text: string): string | undefined =>
      URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && !holdsSecret(text)
        ? text.replace(/\/+$/, '')
        : undefined;
    return this.#checked(
      name,
      parse,
      'an address beginning with https:// (or http://), without a password or a token in it',
    );
  }

  /** Goes into a header. A line break would make the HTTP client quote all of it in its error. */
  secret(name: string): string | undefined {
    return this.matching(
      name,
      /^[\x21-\x7e]+$/,
      'one line of plain letters, digits and signs, without a space or a line break: copy it again',
    );
  }

  timeZone(name: string): string | undefined {
    const parse = (text: string): string | undefined => {
      try {
        timeFormat(text);
        return text;
      } catch {
        return undefined;
      }
    };
    return this.#checked(name, parse, 'the name of a time zone, like Asia/Tashkent');
  }

  cron(name: string): string | undefined {
    const text = this.text(name);
    const problem = text === undefined ? undefined : cronProblem(text);
    if (problem !== undefined) this.problems.push(`${name}: ${problem}`);
    return text;
  }

  list(name: string): string[] {
    return (this.text(name) ?? '').split(/[\s,]+/).filter((item) => item !== '');
  }

  ids(name: string): number[] {
    const ids = this.list(name).map((item) => (/^\d{1,16}$/.test(item) ? Number(item) : Number.NaN));
    if (ids.some((id) => !Number.isSafeInteger(id) || id <= 0))
      this.problems.push(`${name}: must be Telegram user ids (whole numbers), separated by commas`);
    return [...new Set(ids)].filter((id) => Number.isSafeInteger(id));
  }

  jsonObject(name: string): Record<string, unknown> | undefined {
    return this.#checked(name, readJson<Record<string, unknown>>, 'a JSON object');
  }

  #checked<T>(name: string, parse: (text: string) => T | undefined, shape: string): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = parse(text);
    if (value === undefined) this.problems.push(`${name}: must be ${shape}`);
    return value;
  }
}
