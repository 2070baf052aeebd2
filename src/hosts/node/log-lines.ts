/** The log as lines for people; machines get JSON (log.ts). Node only. */
import process from 'node:process';
import pc from 'picocolors';
import { createLog, type Format, hideKnown, type Log, type LogLevel } from '../../lib/log.ts';
import { asCalledHere, asCalledInJson } from '../../settings/command-name.ts';
import type { Config } from '../../settings/config.ts';
import { formatDuration } from '../../text/format.ts';
import { timesInZone, toTheSecond } from '../../text/moment.ts';
import { DEFAULT_TIME_ZONE } from '../../text/times.ts';
import { visible } from '../../text/visible.ts';
import { createLogOutput, standardOutput } from './log-output.ts';
import { inWords } from './log-words.ts';

/** What a busy bot does all day; LOG_LEVEL=debug shows it. */
const ROUTINE = new Set<unknown>(['handled', 'duplicate', 'ignored']);

/** `20:04:07  second copy: it is full, 2 left`, in the zone in which people read times. */
export function peopleFormat(
  now: () => Date,
  { isVerbose = false, colors = pc.createColors(false), zone = DEFAULT_TIME_ZONE } = {},
): Format {
  const paint = { debug: colors.dim, info: (text: string) => text, warn: colors.yellow, error: colors.red };
  return (level, event, { message, ...fields }) => {
    if (!isVerbose && event === 'update' && ROUTINE.has(fields['outcome'])) return undefined;
    const told = Object.entries(fields).flatMap(([name, value]) =>
      value === undefined || value === null ? [] : [toldField(name, value)],
    );
    const said = message === undefined ? [] : [String(message)];
    // Nothing stands behind a command: people copy the end of the line.
    const rest = (/npm (run|start)/.test(said.join()) ? [...told, ...said] : [...said, ...told]).join(', ');
    const time = toTheSecond(now(), zone).slice(11);
    const words = inWords(event, fields, zone) ?? (rest === '' ? event : `${event}: ${rest}`);
    const line = visible(timesInZone(hideKnown(words), zone));
    return `${colors.dim(time)}  ${paint[level](line)}`;
  };
}

/** What says by itself what it is. */
const SENTENCES = new Set(['error', 'problem', 'reason', 'remedy']);

function toldField(name: string, value: string | number | boolean): string {
  if (SENTENCES.has(name)) return String(value);
  if (name === 'retry_in_ms') return `tried again in ${formatDuration(Number(value))}`;
  if (name === 'left') return `${value} left`;
  return `${name.replaceAll('_', ' ')} ${value}`;
}

/** The host's log: lines for people on a terminal, JSON elsewhere; LOG_FORMAT overrides both. */
export function createHostLog({
  logLevel,
  logFormat,
  timeZone: zone,
}: Pick<Config, 'logLevel' | 'logFormat' | 'timeZone'>): Log {
  const isTerminal = process.stdout.isTTY === true;
  if ((logFormat ?? (isTerminal ? 'people' : 'json')) === 'json') return written(logLevel, asCalledInJson);
  const colors = pc.createColors(isTerminal && pc.isColorSupported);
  const isVerbose = logLevel === 'debug';
  return written(
    logLevel,
    asCalledHere,
    peopleFormat(() => new Date(), { isVerbose, colors, zone }),
  );
}

function written(level: LogLevel, asCalled: (line: string) => string, format?: Format): Log {
  const output = createLogOutput(standardOutput, (dropped) => {
    let told = '';
    createLog('warn', (line) => (told = line), format).warn('log lines dropped', {
      message: 'standard output took nothing for a while',
      count: dropped,
    });
    return told;
  });
  return createLog(level, (line) => output(asCalled(line)), format);
}
