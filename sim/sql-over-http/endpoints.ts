/** The two endpoints, pipeline and cursor (libsql-server hrana/http/mod.rs). */

import type { CursorBody, PipelineBody } from './parse-requests.ts';
import { type Answer, BodyWriter, type Fault } from './request-faults.ts';
import { answerRequest, openConnection, toSteps } from './requests.ts';
import { type Machine, type ProgramSink, runProgram } from './run-program.ts';
import { SqlFailure, Unencodable, wireError } from './sql-errors.ts';
import type { Streams } from './streams.ts';

export interface Engine {
  readonly machine: Machine;
  readonly streams: Streams;
}

/** Runs the requests in order and answers with one result each. */
export async function answerPipeline(
  { machine, streams }: Engine,
  { baton, requests }: PipelineBody,
  response: Answer,
  fault: Fault | undefined,
): Promise<void> {
  const stream = streams.acquire(baton);
  const results: string[] = [];
  try {
    let spent = 0;
    for (const request of requests) {
      const { json: result, bytes } = await answerRequest(machine, stream, request, spent);
      spent += bytes;
      results.push(result);
      if (request.type === 'close') streams.close(stream);
    }
  } catch (error) {
    streams.close(stream);
    throw error;
  }
  const next = streams.release(stream);
  const body = Buffer.from(
    `{"baton":${JSON.stringify(next)},"base_url":null,"results":[${results.join(',')}]}`,
  );
  const writer = new BodyWriter(response, fault);
  response.writeHead(200, {
    'content-type': 'application/json',
    // As hyper does for a whole body; without it, what arrived of a cut one counts as the end.
    ...(fault?.kind !== 'truncate' && { 'content-length': String(body.byteLength) }),
  });
  await writer.write(body);
  writer.end();
}

/** Streams the results of a batch, as fast as the client takes them. */
export async function answerCursor(
  { machine, streams }: Engine,
  { baton, steps: wireSteps }: CursorBody,
  response: Answer,
  fault: Fault | undefined,
): Promise<void> {
  const stream = streams.acquire(baton);
  let steps: ReturnType<typeof toSteps>;
  let connection: ReturnType<typeof openConnection>;
  try {
    connection = openConnection(stream);
    steps = toSteps(machine, stream, wireSteps);
  } catch (error) {
    streams.close(stream);
    throw error;
  }
  stream.users += 1;
  const hungUp = new AbortController();
  response.on('close', () => hungUp.abort());
  const writer = new BodyWriter(response, fault);
  response.writeHead(200, { 'content-type': 'text/plain' });
  // As the server does: the baton, and with it the idle clock, comes before the batch.
  await writer.write(`{"baton":${JSON.stringify(streams.release(stream))},"base_url":null}\n`);
  try {
    await runProgram(machine, connection, steps, cursorSink(writer), hungUp.signal);
    await writer.write('{"type":"replication_index","replication_index":null}\n');
    writer.end();
  } catch (error) {
    if (error instanceof SqlFailure) {
      await writer.write(`{"type":"error","error":${JSON.stringify(wireError(error))}}\n`);
      writer.end();
    } else if (error instanceof Unencodable) {
      writer.breakOff();
    } else throw error;
  } finally {
    streams.drop(stream, connection);
  }
}

const ROW = '{"type":"row","row":';

function cursorSink(writer: BodyWriter): ProgramSink {
  return {
    stepBegan: (step, cols) =>
      writer.write(`{"type":"step_begin","step":${step},"cols":${JSON.stringify(cols)}}\n`),
    rows: (rows) => writer.write(`${ROW}${rows.join(`}\n${ROW}`)}}\n`),
    stepEnded: ({ affectedRows, lastInsertRowid }) =>
      // A JSON number here, unlike in pipelines (PROTOCOL.md 7.2.3).
      writer.write(
        `{"type":"step_end","affected_row_count":${affectedRows},"last_insert_rowid":${lastInsertRowid}}\n`,
      ),
    stepFailed: (step, failure) =>
      writer.write(`{"type":"step_error","step":${step},"error":${JSON.stringify(wireError(failure))}}\n`),
  };
}
