/** Requests in narrow types; anything else is a {@link ProtocolError} (PROTOCOL.md 5 to 7). */
import { ProtocolError } from './sql-errors.ts';
import { type BoundValue, decodeValue } from './wire-values.ts';

export interface SqlText {
  readonly sql: string | undefined;
  readonly sqlId: number | undefined;
}

export interface WireStatement extends SqlText {
  readonly args: readonly BoundValue[];
  readonly namedArgs: ReadonlyMap<string, BoundValue>;
  readonly wantRows: boolean;
}

export type Condition =
  | { readonly type: 'ok' | 'error'; readonly step: number }
  | { readonly type: 'not'; readonly cond: Condition }
  | { readonly type: 'and' | 'or'; readonly conds: readonly Condition[] }
  | { readonly type: 'is_autocommit' };

export interface WireStep {
  readonly condition: Condition | undefined;
  readonly statement: WireStatement;
}

export type WireRequest =
  | { readonly type: 'execute'; readonly statement: WireStatement }
  | { readonly type: 'batch'; readonly steps: readonly WireStep[] }
  | ({ readonly type: 'sequence' } & SqlText)
  | { readonly type: 'store_sql'; readonly sqlId: number; readonly sql: string }
  | { readonly type: 'close_sql'; readonly sqlId: number }
  | { readonly type: 'get_autocommit' | 'close' };

export interface ParseContext {
  readonly version: 2 | 3;
  readonly conditionDepth: number;
}

type Fields = Readonly<Record<string, unknown>>;

export interface PipelineBody {
  readonly baton: string | undefined;
  readonly requests: readonly WireRequest[];
}

export interface CursorBody {
  readonly baton: string | undefined;
  readonly steps: readonly WireStep[];
}

export function parsePipeline(body: Uint8Array, context: ParseContext): PipelineBody {
  const fields = parseBody(body);
  return {
    baton: optionalString(fields, 'baton'),
    requests: list(fields, 'requests').map((item) => parseRequest(item, context)),
  };
}

export function parseCursor(body: Uint8Array, context: ParseContext): CursorBody {
  const fields = parseBody(body);
  return { baton: optionalString(fields, 'baton'), steps: parseSteps(fields['batch'], context) };
}

function parseBody(body: Uint8Array): Fields {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (error) {
    throw bad(error instanceof Error ? error.message : 'not JSON');
  }
  return object(value, 'the body');
}

function parseRequest(value: unknown, context: ParseContext): WireRequest {
  const fields = object(value, 'a request');
  switch (fields['type']) {
    case 'execute':
      return { type: 'execute', statement: parseStatement(fields['stmt']) };
    case 'batch':
      return { type: 'batch', steps: parseSteps(fields['batch'], context) };
    case 'sequence':
      return { type: 'sequence', ...parseSqlText(fields) };
    case 'store_sql': {
      const sql = optionalString(fields, 'sql');
      if (sql === undefined) throw bad('missing field `sql`');
      return { type: 'store_sql', sqlId: integer(fields, 'sql_id'), sql };
    }
    case 'close_sql':
      return { type: 'close_sql', sqlId: integer(fields, 'sql_id') };
    case 'get_autocommit':
      if (context.version < 3) throw tooNew('The `get_autocommit` request');
      return { type: 'get_autocommit' };
    case 'close':
      return { type: 'close' };
    default:
      throw bad(`unknown variant ${JSON.stringify(fields['type'])} of a request`);
  }
}

function parseSteps(value: unknown, context: ParseContext): WireStep[] {
  return list(object(value, 'a batch'), 'steps').map((item, index) => {
    const fields = object(item, 'a batch step');
    const condition = fields['condition'];
    return {
      condition:
        condition === undefined || condition === null
          ? undefined
          : parseCondition(condition, index, context, 1),
      statement: parseStatement(fields['stmt']),
    };
  });
}

function parseCondition(value: unknown, step: number, context: ParseContext, depth: number): Condition {
  if (depth > context.conditionDepth) throw bad('a batch condition is nested too deep');
  const fields = object(value, 'a condition');
  switch (fields['type']) {
    case 'ok':
    case 'error': {
      const earlier = integer(fields, 'step');
      if (earlier < 0 || earlier >= step)
        throw new ProtocolError('Invalid reference to step in a batch condition');
      return { type: fields['type'], step: earlier };
    }
    case 'not':
      return { type: 'not', cond: parseCondition(fields['cond'], step, context, depth + 1) };
    case 'and':
    case 'or':
      return {
        type: fields['type'],
        conds: list(fields, 'conds').map((item) => parseCondition(item, step, context, depth + 1)),
      };
    case 'is_autocommit':
      if (context.version < 3) throw tooNew('BatchCond of type `is_autocommit`');
      return { type: 'is_autocommit' };
    default:
      throw bad(`unknown variant ${JSON.stringify(fields['type'])} of a condition`);
  }
}

function parseStatement(value: unknown): WireStatement {
  const fields = object(value, 'a statement');
  const namedArgs = new Map<string, BoundValue>();
  for (const item of optionalList(fields, 'named_args')) {
    const named = object(item, 'a named argument');
    const name = optionalString(named, 'name');
    if (name === undefined) throw bad('missing field `name`');
    namedArgs.set(name, decodeValue(named['value']));
  }
  const wantRows = fields['want_rows'] ?? true;
  if (typeof wantRows !== 'boolean') throw bad('`want_rows` must be a boolean');
  return {
    ...parseSqlText(fields),
    args: optionalList(fields, 'args').map(decodeValue),
    namedArgs,
    wantRows,
  };
}

function parseSqlText(fields: Fields): SqlText {
  const hasId = fields['sql_id'] !== undefined && fields['sql_id'] !== null;
  return { sql: optionalString(fields, 'sql'), sqlId: hasId ? integer(fields, 'sql_id') : undefined };
}

function object(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw bad(`${what} must be an object`);
  return Object.fromEntries(Object.entries(value));
}

function list(fields: Fields, key: string): readonly unknown[] {
  const value = fields[key];
  if (!Array.isArray(value)) throw bad(`\`${key}\` must be an array`);
  return value;
}

function optionalList(fields: Fields, key: string): readonly unknown[] {
  return fields[key] === undefined ? [] : list(fields, key);
}

function optionalString(fields: Fields, key: string): string | undefined {
  const value = fields[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' || !value.isWellFormed()) throw bad(`\`${key}\` must be a string`);
  return value;
}

function integer(fields: Fields, key: string): number {
  const value = fields[key];
  if (typeof value !== 'number' || !Number.isInteger(value)) throw bad(`\`${key}\` must be an integer`);
  return value;
}

function bad(what: string): ProtocolError {
  return new ProtocolError(`Cannot deserialize client message from JSON: ${what}`);
}

function tooNew(what: string): ProtocolError {
  return new ProtocolError(`${what} is only supported in protocol version hrana3 and higher`);
}
