/**
 * The clock and the dice of a seed's databases. SQLite has its own of both: its functions are
 * replaced in the text of each statement by what the seed has, so that it can be run again.
 */
import { createHash } from 'node:crypto';
import type { Database, Statement } from '../../src/db/database.ts';
import { type TestClock, testClock } from '../support/backup-world.ts';

const NOW = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";
const RANDOM = /lower\(hex\(randomblob\((\d+)\)\)\)/g;

export class DatabaseTime {
  readonly clock: TestClock = testClock();
  readonly #name: string;
  #drawn = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** So many hex digits. */
  random(digits: number): string {
    this.#drawn += 1;
    return createHash('sha256').update(`${this.#name} ${this.#drawn}`).digest('hex').slice(0, digits);
  }

  text(sql: string): string {
    return sql
      .replaceAll(NOW, `'${this.clock.now().toISOString()}'`)
      .replaceAll(RANDOM, (_, bytes: string) => `'${this.random(2 * Number(bytes))}'`);
  }

  database(db: Database): Database {
    const timed = <S extends Statement>(statement: S): S => ({ ...statement, sql: this.text(statement.sql) });
    return {
      read: (queries) => db.read(queries.map(timed) as unknown as typeof queries),
      write: (statements) => db.write(statements.map(timed)),
      get roundTrips() {
        return db.roundTrips;
      },
      close: () => db.close(),
    };
  }

  /** Of a server of SQL over HTTP: statements stand in the body. */
  fetch(base: typeof fetch): typeof fetch {
    return async (input, init) => {
      const request = new Request(input, init);
      const { method, headers } = request;
      return base(request.url, { method, headers, body: this.text(await request.text()) });
    };
  }
}
