/**
 * Reading and writing `.env`: one NAME=value a line, comments and unknown lines stay as they are.
 * Node only.
 */

/**
 * The file's text with the given settings set; new ones are appended. Values are quoted when they
 * need it.
 */
export function withSettings(text: string, settings: ReadonlyMap<string, string>): string {
  const left = new Map(settings);
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  const kept = lines.map((line) => {
    const name = /^\s*([A-Z][A-Z0-9_]*)\s*=/.exec(line)?.[1];
    const value = name === undefined ? undefined : left.get(name);
    if (name === undefined || value === undefined) return line;
    left.delete(name);
    return `${name}=${quote(value)}`;
  });
  const added = [...left].map(([name, value]) => `${name}=${quote(value)}`);
  return `${[...kept, ...added].join('\n')}\n`;
}

/**
 * Node's parser (process.loadEnvFile) takes single quotes literally; a value with one is put in
 * double quotes or backticks.
 */
function quote(value: string): string {
  if (value.includes('\n')) throw new RangeError('a setting cannot hold a line break');
  if (/^[\w@%+=:,./-]*$/.test(value)) return value;
  const mark = ["'", '"', '`'].find((candidate) => !value.includes(candidate));
  if (mark === undefined) throw new RangeError('a setting cannot hold all three kinds of quotes');
  return `${mark}${value}${mark}`;
}
