/** What to do about a damaged database, by what a run found. Node only. */
import { type LastStored, wayBack } from '../db/lack-words.ts';

const MISSING = /^table (\w+) (?:is missing(?: \(\w+ has its columns\))?|lacks columns? [\w, ]+)$/;

/**
 * When only tables and columns of the bot are gone: the command that brings them back. Otherwise:
 * the document.
 * @param damage what a manifest or a failed run says, findings separated by `; `
 * @param stored the last moment of before it, where change files reach one
 */
export function mendOf(damage: string, stored?: LastStored): string {
  const findings = damage.replace(/^.*?: (?=table )/, '').split('; ');
  const tables = findings.flatMap((finding) => MISSING.exec(finding)?.[1] ?? []);
  return tables.length === findings.length
    ? wayBack({ findings, tables }, stored)
    : 'docs/operations.md, "The database file is damaged"';
}
