/** The clients people use, against the stand-in. */
import { createClient as createNodeClient } from '@libsql/client';
import { createClient as createWebClient } from '@libsql/client/web';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startRig } from './plain-client.ts';

describe.each([
  ['@libsql/client', createNodeClient],
  ['@libsql/client/web', createWebClient],
])('%s', (_, createClient) => {
  const connect = async () => {
    const rig = await startRig({ authToken: 'secret' });
    const client = createClient({ url: rig.server.url, authToken: 'secret', intMode: 'bigint' });
    onTestFinished(() => client.close());
    return { ...rig, client };
  };

  test('execute, with positional and named arguments', async () => {
    const { client } = await connect();
    await client.execute('CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)');
    const inserted = await client.execute({
      sql: 'INSERT INTO t (a, b) VALUES (?, ?)',
      args: ['o‘lim\0', new Uint8Array([0, 255])],
    });
    expect(inserted).toMatchObject({ rowsAffected: 1, lastInsertRowid: 1n });
    const { rows, columns } = await client.execute({
      sql: 'SELECT id, a, b, 2.5, NULL FROM t WHERE id = :id',
      args: { id: 1n },
    });
    expect(columns).toEqual(['id', 'a', 'b', '2.5', 'NULL']);
    expect({ ...rows[0] }).toMatchObject({ id: 1n, a: 'o‘lim\0', '2.5': 2.5, NULL: null });
    expect(new Uint8Array(rows[0]?.['b'] as ArrayBuffer)).toEqual(new Uint8Array([0, 255]));
  });

  test('a batch is one request and all or nothing', async () => {
    const { client, server } = await connect();
    await client.execute('CREATE TABLE t (a UNIQUE)');
    const before = server.requestCount;
    const results = await client.batch(['INSERT INTO t VALUES (1)', 'SELECT a FROM t'], 'write');
    expect(server.requestCount).toBe(before + 1);
    expect(results[1]?.rows[0]?.['a']).toBe(1n);
    await expect(
      client.batch(['INSERT INTO t VALUES (2)', 'INSERT INTO t VALUES (1)'], 'write'),
    ).rejects.toThrow(/UNIQUE/);
    expect((await client.execute('SELECT a FROM t')).rows).toHaveLength(1);
    expect(server.openStreams).toBe(0);
  });

  test('an interactive transaction commits or rolls back', async () => {
    const { client, server } = await connect();
    await client.execute('CREATE TABLE t (a)');
    const kept = await client.transaction('write');
    await kept.execute('INSERT INTO t VALUES (1)');
    await kept.batch(['INSERT INTO t VALUES (2)', 'INSERT INTO t VALUES (3)']);
    await kept.commit();
    const undone = await client.transaction('write');
    await undone.execute('DELETE FROM t');
    await undone.rollback();
    expect((await client.execute('SELECT count(*) AS n FROM t')).rows[0]?.['n']).toBe(3n);
    await expect.poll(() => server.openStreams).toBe(0);
  });

  test('executeMultiple and migrate', async () => {
    const { client } = await connect();
    await client.executeMultiple(
      'CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p(id)); INSERT INTO p VALUES (1)',
    );
    await client.migrate([
      'INSERT INTO c VALUES (7)',
      'DROP TABLE p',
      'CREATE TABLE p (id INTEGER PRIMARY KEY)',
      'INSERT INTO p VALUES (7)',
    ]);
    await expect(client.execute('INSERT INTO c VALUES (8)')).rejects.toThrow(/FOREIGN KEY/);
  });

  test('the same file may be open embedded, too', async () => {
    const { client, file } = await connect();
    await client.execute('CREATE TABLE t (a)');
    const embedded = createNodeClient({ url: `file:${file}` });
    onTestFinished(() => embedded.close());
    const holding = await embedded.transaction('write');
    await holding.execute('INSERT INTO t VALUES (1)');
    const waiting = client.execute('INSERT INTO t VALUES (2)');
    await holding.commit();
    await waiting;
    expect((await embedded.execute('SELECT count(*) AS n FROM t')).rows[0]?.['n']).toBe(2);
  });
});
