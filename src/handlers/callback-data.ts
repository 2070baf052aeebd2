/**
 * The one codec of callback data: state travels in the button (STYLE.md 4), at most 64 bytes, garbage in = undefined out.
 * Buttons live for ever, so a tag is never reused for another meaning and arguments are only ever added at the end, optional.
 * An anime is named by its id, never by its code: ids are not reused (AUTOINCREMENT), codes can be moved to another anime.
 */

/** Telegram's limit, bytes of UTF-8. */
const MAX_BYTES = 64;

/** kind -> tag and argument names; arguments are whole numbers, a `text` argument takes the rest and must be last. */
const SHAPES = {
  /** A label that does nothing when pressed (page counter). */
  label: { tag: '-', args: [] },
  card: { tag: 'c', args: ['anime'] },
  parts: { tag: 'p', args: ['anime', 'page'] },
  play: { tag: 'v', args: ['anime', 'part'] },
} as const satisfies Record<string, { tag: string; args: readonly string[] }>;

type Shapes = typeof SHAPES;
type ArgsOf<K extends keyof Shapes> = Shapes[K]['args'][number];
type ActionOf<K extends keyof Shapes> = { readonly kind: K } & {
  readonly [A in ArgsOf<K>]: A extends 'text' ? string : number;
};
export type Action = { [K in keyof Shapes]: ActionOf<K> }[keyof Shapes];

/** @throws RangeError when the data would not fit Telegram's 64 bytes or a number is not a whole one: a programming error. */
export function encodeAction(action: Action): string {
  const shape: { tag: string; args: readonly string[] } = SHAPES[action.kind];
  const values = new Map(Object.entries(action));
  const data = [shape.tag, ...shape.args.map((name) => encodeArgument(name, values.get(name)))].join(':');
  if (Buffer.byteLength(data) > MAX_BYTES)
    throw new RangeError(`callback data of ${action.kind} is over ${MAX_BYTES} bytes`);
  return data;
}

/** What a pressed button asks for, or undefined for anything this program never wrote. */
export function decodeAction(data: string): Action | undefined {
  if (Buffer.byteLength(data) > MAX_BYTES) return undefined;
  const [tag, ...rest] = data.split(':');
  for (const [kind, shape] of Object.entries(SHAPES)) {
    if (shape.tag !== tag) continue;
    const values = decodeArguments(shape.args, rest);
    return values === undefined ? undefined : ({ kind, ...values } as Action);
  }
  return undefined;
}

function encodeArgument(name: string, value: unknown): string {
  if (name === 'text') return String(value);
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw new RangeError(`callback argument ${name} is not a whole number`);
  return value.toString(36);
}

function decodeArguments(
  names: readonly string[],
  raw: readonly string[],
): Record<string, number | string> | undefined {
  const takesText = names.at(-1) === 'text';
  if (takesText ? raw.length < names.length : raw.length !== names.length) return undefined;
  const values: Record<string, number | string> = {};
  for (const [i, name] of names.entries()) {
    if (name === 'text') {
      values[name] = raw.slice(i).join(':');
      break;
    }
    const text = raw[i] ?? '';
    const number = /^-?[0-9a-z]{1,11}$/.test(text) ? Number.parseInt(text, 36) : Number.NaN;
    if (!Number.isSafeInteger(number)) return undefined;
    values[name] = number;
  }
  return values;
}
