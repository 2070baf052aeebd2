/** What to do about a damaged database, by what a run found. Node only. */
import { wayBack } from '../db/lack-words.ts';

const MISSING = /^table (\w+) (?:is missing(?: \(\w+ has its columns\))?|lacks columns? [\w, ]+)$/;

/**
 * When only tables and columns of the bot are gone: the command that brings them back. Otherwise:
 * the document.
 * @param damage what a manifest or a failed run says, findings separated by `; `
 */
export function mendOf(damage: string): string {
  const findings = damage.replace(/^.*?: (?=table )/, '').split('; ');
  const tables = findings.flatMap((finding) => MISSING.exec(finding)?.[1] ?? []);
  return tables.length === findings.length
    ? wayBack({ findings, tables })
    : 'docs/operations.md, "The database file is damaged"';
}
