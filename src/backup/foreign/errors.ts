/** What may go wrong in a process of its own, and how it comes back as the error that it was. */
import { DocumentError } from '../document/window.ts';
import { UnsealError } from '../envelope/types.ts';

/** What was looked at is at fault: another copy of it may do. */
export class Damaged extends Error {
  override readonly name: string = 'Damaged';
}

/**
 * Reading a file took more than a file of its size may take: it is made to do harm, or damaged so
 * that it does.
 */
export class CostsTooMuch extends Damaged {
  override readonly name = 'CostsTooMuch';
  readonly kind: 'memory' | 'time' | 'size';
  constructor(kind: CostsTooMuch['kind'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** Whether the file that was read is at fault: it is damaged, or no document of this program. */
export function isFileFault(error: unknown): boolean {
  return error instanceof Damaged || error instanceof DocumentError;
}

/** An error as a plain value: messages between processes carry no classes. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  /** What the classes of {@link REVIVERS} and `isLocalFault` look at. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly cause: WireError | undefined;
}

const FIELDS = ['code', 'errcode', 'kind', 'place', 'offset', 'unplaced', 'reason', 'missing'];
/** A chain of causes longer than this says nothing more. */
const MOST_CAUSES = 8;

export function toWire(error: unknown, depth = 0): WireError {
  if (!(error instanceof Error))
    return { name: 'Error', message: String(error), fields: {}, cause: undefined };
  const fields = Object.fromEntries(
    Object.entries(error).filter(
      ([key, value]) => FIELDS.includes(key) && ['string', 'number'].includes(typeof value),
    ),
  );
  const { name, message, cause } = error;
  const next = cause === undefined || depth === MOST_CAUSES ? undefined : toWire(cause, depth + 1);
  return { name, message, fields, cause: next };
}

type Revive = (wire: WireError, options: ErrorOptions) => Error;

/** By the class's name. Everything else comes back as a plain error with its fields. */
const REVIVERS: Readonly<Record<string, Revive>> = {
  Damaged: ({ message }, options) => new Damaged(message, options),
  CostsTooMuch: ({ message, fields: { kind } }, options) =>
    new CostsTooMuch(kind === 'time' || kind === 'size' ? kind : 'memory', message, options),
  UnsealError: ({ message, fields: { reason } }, options) =>
    new UnsealError(
      reason === 'wrong key' || reason === 'cut' || reason === 'foreign' ? reason : 'damaged',
      message,
      options,
    ),
  DocumentError: ({ fields: { place, offset, unplaced } }, { cause }) =>
    new DocumentError(String(place), Number(offset), String(unplaced), cause),
};

export function fromWire(wire: WireError): Error {
  const options: ErrorOptions = wire.cause === undefined ? {} : { cause: fromWire(wire.cause) };
  const revive = REVIVERS[wire.name];
  if (revive !== undefined) return revive(wire, options);
  return Object.assign(new Error(wire.message, options), wire.fields);
}
