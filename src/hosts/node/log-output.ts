/**
 * Standard output of a host. A log that cannot be written (a full disk, a reader that left) stops
 * no bot: its lines are dropped and counted, and the count is told when lines can be written again.
 * Node only.
 */
import { writeSync } from 'node:fs';
import process from 'node:process';

export interface LogStream {
  /** Writes one line, without its end. The stream tells of a failure later, as `error`. */
  write(line: string): void;
  onError(listener: () => void): void;
  /** Writes past the stream, which is dead after its first failure. @throws what the system says */
  writeNow(text: string): void;
}

/**
 * Where a log's lines go.
 * @param toldOf the line that tells how many were dropped
 */
export function createLogOutput(
  stream: LogStream,
  toldOf: (dropped: number) => string,
): (line: string) => void {
  let isBroken = false;
  let dropped = 0;
  stream.onError(() => {
    isBroken = true;
    dropped += 1;
  });
  return (line) => {
    if (!isBroken) return stream.write(line);
    try {
      // The last line may have been cut in the middle.
      if (dropped > 0) stream.writeNow(`\n${toldOf(dropped)}\n`);
      dropped = 0;
      stream.writeNow(`${line}\n`);
    } catch {
      dropped += 1;
    }
  };
}

const STDOUT = 1;

export const standardOutput: LogStream = {
  // As everything else that a host says, and after it.
  write: (line) => void process.stdout.write(`${line}\n`),
  onError: (listener) => void process.stdout.on('error', listener),
  writeNow(text) {
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.byteLength; ) done += writeSync(STDOUT, bytes, done);
  },
};

/** What a host says outside its log (notes, a stop) is dropped likewise, and ends nobody. */
export function outliveOutputs(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}
