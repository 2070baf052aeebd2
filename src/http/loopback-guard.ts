/**
 * Who may talk to a server for this machine alone. Any page in the owner's browser can send
 * requests to 127.0.0.1. With a name of its own that resolves there (DNS rebinding) it can read the
 * answers, too. So the guard compares the names with a list.
 */

export interface GuardedRequest {
  readonly method: string;
  header(name: string): string | undefined;
}

/** A proxy or a tunnel adds one of these; its requests are not from this machine. */
const FORWARDED = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-real-ip',
  'via',
  'cf-connecting-ip',
];

/** Why a request to a server on `port` is refused; undefined when it may pass. */
export function refusal(request: GuardedRequest, port: number): string | undefined {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`];
  const host = request.header('host')?.toLowerCase();
  if (host === undefined || !hosts.includes(host))
    return 'this server answers to the names of this machine only';
  const origin = request.header('origin')?.toLowerCase();
  if (origin !== undefined && !hosts.some((own) => origin === `http://${own}`))
    return 'this server answers no page but its own';
  if (FORWARDED.some((name) => request.header(name) !== undefined))
    return 'this server answers this machine only, and no proxy';
  return isForeignFetch(request) ? 'this server answers no page but its own' : undefined;
}

/** Other pages can send a GET without Origin (an image, a script); browsers mark that. */
function isForeignFetch({ method, header }: GuardedRequest): boolean {
  const site = header('sec-fetch-site');
  if (site === undefined || site === 'same-origin' || site === 'none') return false;
  return !(
    method === 'GET' &&
    header('sec-fetch-mode') === 'navigate' &&
    header('sec-fetch-dest') === 'document'
  );
}
