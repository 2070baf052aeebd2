/**
 * The kind of SQL server that the rigs start: one's own unless a test file says otherwise before it
 * loads its suites.
 */
import type { SqlServerOptions } from '../../sim/sql-over-http/sql-server.ts';

export type ServerKind = Omit<SqlServerOptions, 'file'>;

let kind: ServerKind | undefined;

/**
 * Servers started from here on (in this test file) are of this kind. A bot that would use a file
 * reaches it through such a server.
 */
export function onServer(chosen: ServerKind): void {
  kind = chosen;
}

export function serverKind(): ServerKind | undefined {
  return kind;
}
