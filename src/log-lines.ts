/** The log as lines for people; machines get JSON (log.ts). Node only. */
import process from 'node:process';
import pc from 'picocolors';
import type { Config } from './config.ts';
import { createLog, type Format, hideKnown, type Log } from './log.ts';
import { visible } from './text/visible.ts';

/** `20:04:07  backup: outcome done, name 20260102_020000`, the time of this machine. */
export function peopleFormat(now: () => Date, colors = pc.createColors(false)): Format {
  const paint = { debug: colors.dim, info: (text: string) => text, warn: colors.yellow, error: colors.red };
  return (level, event, { message, ...fields }) => {
    const told = Object.entries(fields).flatMap(([name, value]) =>
      value === undefined || value === null ? [] : [`${name.replaceAll('_', ' ')} ${String(value)}`],
    );
    const rest = [...(message === undefined ? [] : [String(message)]), ...told].join(', ');
    const time = now().toTimeString().slice(0, 8);
    const line = visible(hideKnown(rest === '' ? event : `${event}: ${rest}`));
    return `${colors.dim(time)}  ${paint[level](line)}`;
  };
}

/** The host's log: people's lines on a terminal, JSON elsewhere; LOG_FORMAT decides over both. */
export function createHostLog({ logLevel, logFormat }: Pick<Config, 'logLevel' | 'logFormat'>): Log {
  const isTerminal = process.stdout.isTTY === true;
  if ((logFormat ?? (isTerminal ? 'people' : 'json')) === 'json') return createLog(logLevel, console.log);
  const colors = pc.createColors(isTerminal && pc.isColorSupported);
  return createLog(
    logLevel,
    console.log,
    peopleFormat(() => new Date(), colors),
  );
}
