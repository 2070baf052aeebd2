/** The one runtime module used directly (src/worker.ts); the full types clash with Node's. */
declare module 'cloudflare:workers' {
  export function waitUntil(promise: Promise<unknown>): void;
}
