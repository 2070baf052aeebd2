/** Calls of the server. */
import { byId, toast } from './dom.js';
import { refusal } from './words.js';

let running = 0;

/** Reads; undefined when nothing changed. Throws when the server is gone. */
export async function read(path) {
  const response = await fetch(path);
  if (response.status === 204) return undefined;
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return await response.json();
}

/** Does something. Undefined when it failed: the reason was shown, in the page's language. */
export async function post(path, body) {
  const init =
    body instanceof FormData
      ? { method: 'POST', body }
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  busy(1);
  try {
    const response = await fetch(path, init);
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return answer;
    toast(refusal(response.status === 413 ? 'too-large' : answer.code), true);
  } catch {
    // The bar says so, and stays as long as it is true.
    byId('gone').hidden = false;
  } finally {
    busy(-1);
  }
  return undefined;
}

function busy(change) {
  running += change;
  byId('busy').hidden = running === 0;
}
