/** What a document says of itself before its rows. */
import * as v from 'valibot';
import { FORMAT_NAME, FORMAT_VERSION } from './format.ts';
import type { JsonValue } from './json-value.ts';
import { quoted } from './reasons.ts';
import { type DocumentSchema, schemaFromJson, schemaJson } from './schema-json.ts';
import type { ByteWindow } from './window.ts';

export interface DocumentHeader {
  /** UTC, `YYYY-MM-DDTHH:MM:SS`. */
  readonly backupTimestamp: string;
  readonly appVersion: string;
  /** The program's schema version: number of its last migration. */
  readonly schemaVersion: number;
  readonly schema: DocumentSchema;
  /** Whether parts stand inside their anime. */
  readonly partsNested: boolean;
}

/** What it is comes first: of a file that is another's, that is said. */
const headerJson = v.object({
  format: v.literal(FORMAT_NAME),
  format_version: v.literal(FORMAT_VERSION),
  backup_timestamp: v.pipe(v.string(), v.regex(/^[+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d$/)),
  backup_name: v.optional(v.string()),
  app_version: v.string(),
  schema_version: v.pipe(v.number(), v.safeInteger()),
  parts_nested: v.boolean(),
  schema: schemaJson,
});

export function isHeaderKey(key: string): boolean {
  return Object.hasOwn(headerJson.entries, key);
}

/** @throws DocumentError that says which key (`schema.tables[2].kind`) is wrong */
export function headerOf(window: ByteWindow, properties: ReadonlyMap<string, JsonValue>): DocumentHeader {
  const parsed = v.safeParse(headerJson, plain(properties), { abortEarly: true });
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const place = v.getDotPath(issue);
    window.path.pop();
    if (issue.input === undefined) throw window.fault(`not a document of this program: it has no ${place}`);
    throw window.fault(`${place} cannot be ${quoted(JSON.stringify(issue.input))} here`);
  }
  const { backup_timestamp, app_version, schema_version, parts_nested, schema } = parsed.output;
  return {
    backupTimestamp: backup_timestamp,
    appVersion: app_version,
    schemaVersion: schema_version,
    schema: schemaFromJson(schema),
    partsNested: parts_nested,
  };
}

/** As JSON.parse gives it: the header has no integer that needs to be exact beyond 2^53. */
function plain(value: JsonValue | ReadonlyMap<string, JsonValue>): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, one]) => [key, plain(one)]));
  if (Array.isArray(value)) return value.map(plain);
  return typeof value === 'bigint' ? Number(value) : value;
}
