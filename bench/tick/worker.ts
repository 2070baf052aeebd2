/** The Worker with a route for its tick, for bench/worker-tick.ts: bare workerd fires no crons. */
import type { ExecutionContext } from '@cloudflare/workers-types';
import worker from '../../src/worker.ts';

type Environment = Parameters<typeof worker.fetch>[1];

export default {
  async fetch(request: Request, env: Environment, context: ExecutionContext): Promise<Response> {
    if (!request.url.endsWith('/tick')) return worker.fetch(request, env, context);
    await worker.scheduled(
      { cron: '* * * * *', scheduledTime: Date.now(), noRetry() {} } as Parameters<
        typeof worker.scheduled
      >[0],
      env,
    );
    return new Response('ticked');
  },
};
