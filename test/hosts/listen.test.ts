/** The port of the Node host, with real sockets. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { listen } from '../../src/hosts/node/listen.ts';

test('a request that never ends is cut off, and others are answered meanwhile', {
  timeout: 40_000,
}, async () => {
  const { server, port } = await listen(async () => new Response('ok'), { host: '127.0.0.1', port: 0 });
  const slow = connect(port, '127.0.0.1');
  try {
    slow.write('POST /webhook HTTP/1.1\r\nHost: x\r\nX-A: ');
    slow.resume();
    const began = performance.now();
    const closed = once(slow, 'close');
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('ok');
    await closed;
    expect(performance.now() - began).toBeLessThan(30_000);
  } finally {
    slow.destroy();
    server.close();
  }
});
