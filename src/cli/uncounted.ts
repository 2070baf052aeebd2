/** The environment of wrangler: its telemetry is off, unless whoever types the command wants it. */
import process from 'node:process';

export function uncounted(): NodeJS.ProcessEnv {
  return { WRANGLER_SEND_METRICS: 'false', ...process.env };
}
