/**
 * The manifest: what a backup holds and how to prove it (docs/spec/backup.md, "A backup"). Written
 * last; a backup exists when its manifest does. The type is the file, so its names are the file's.
 * The file ends with the SHA-256 of everything before it, which shows a flipped bit in the manifest
 * itself.
 */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { mostUnpacked } from '../envelope/limited.ts';
import { count, manifestChangesSchema, sha256, text, time } from './change-position.ts';
import { parseKey, timeOfName } from './names.ts';

const FORMAT = 'anime-bot-backup';
/** 3: a manifest that names its bot. 2: one that names a place in the change log. 1: neither. */
const VERSION = 3;

/**
 * What started a run. `migration` and `import` are the backups taken before one; `changes` is the
 * one that the change log needs before its next file.
 */
export const TRIGGERS = [
  'schedule',
  'start',
  'command',
  'migration',
  'deploy',
  'import',
  'restore',
  'changes',
] as const;
export type Trigger = (typeof TRIGGERS)[number];
const SAFETY: readonly string[] = ['migration', 'deploy', 'import', 'restore'] satisfies Trigger[];

/** Whether a backup of this trigger was made because something was to change the database. */
export function isSafetyTrigger(trigger: string): boolean {
  return SAFETY.includes(trigger);
}

const objectEntry = v.strictObject({
  /** Key without the prefix, so that a bucket can be copied under another one. */
  file: text,
  bytes: count,
  sha256,
  /** In the order applied: `gzip`, then `age`. */
  encoding: v.pipe(v.array(v.picklist(['gzip', 'age'])), v.minLength(1, 'is empty')),
  /** Public age recipients, or `passphrase`; empty when not encrypted. */
  recipients: v.array(text),
  /** The upload's parts tile the object, so damage is found with its place. */
  parts: v.pipe(v.array(v.strictObject({ bytes: count, sha256 })), v.minLength(1, 'is empty')),
  /**
   * What is inside after decryption and gunzip. Its first bytes (page 1 of the database) are known
   * last, so they have a hash of their own: `head_bytes` of them, 0 for a document.
   */
  contents: v.strictObject({ bytes: count, head_bytes: count, head_sha256: sha256, rest_sha256: sha256 }),
});

const manifestSchema = v.strictObject({
  format: v.literal(FORMAT),
  version: v.picklist([1, 2, VERSION]),
  name: v.pipe(
    v.string(),
    v.check((name) => timeOfName(name) !== undefined, 'is not a backup name'),
  ),
  app_version: text,
  /** Highest migration in the snapshot; null for a database without migrations (the old bot's). */
  schema_version: v.nullable(count),
  trigger: v.picklist(TRIGGERS),
  scheduled_at: time,
  started_at: time,
  finished_at: time,
  objects: v.strictObject({ database: objectEntry, document: objectEntry }),
  schema_sha256: sha256,
  /** Where the change log stood in the snapshot; only where there was one. */
  changes: v.optional(manifestChangesSchema),
  /**
   * The bot that the database belonged to, and the user name of the one before (a database that
   * moved to a new bot): tells backups apart where bots share a bucket. Anybody in Telegram sees
   * both. Absent: the database remembered none.
   */
  bot: v.optional(v.strictObject({ id: count, username: text, before: v.optional(text) })),
  tables: v.array(
    v.strictObject({ name: text, kind: v.picklist(['table', 'shadow', 'internal']), rows: count, sha256 }),
  ),
  /** Versions of what wrote the backup, for whoever has to read it in ten years. */
  libraries: v.record(v.string(), v.string()),
  /** `damaged`: the backup is stored as it was read, and its database is damaged. */
  state: v.picklist(['verified', 'damaged']),
  /** What is damaged, in SQLite's words; only where it is. */
  findings: v.optional(v.pipe(v.array(text), v.minLength(1, 'is empty'))),
  verified_at: time,
  /** How it was proved, in words. */
  proof: v.pipe(v.array(text), v.minLength(1, 'is empty')),
});

export type Manifest = v.InferOutput<typeof manifestSchema>;
export type ManifestObject = v.InferOutput<typeof objectEntry>;

/**
 * The manifest is not credible: truncated, changed, or of another format. Names the first fault and
 * its place.
 */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
  constructor(message: string, options?: ErrorOptions) {
    // It quotes what somebody wrote into the bucket, which may be megabytes.
    super(message.length > MOST_SAID ? `${message.slice(0, MOST_SAID)}…` : message, options);
  }
}

const MOST_SAID = 400;

export type ManifestDraft = Omit<Manifest, 'format' | 'version' | 'state'>;

/**
 * Adds format and state (damaged where there are findings), and refuses (ManifestError) what could
 * not be read back.
 */
export function createManifest(draft: ManifestDraft): Manifest {
  const state = draft.findings === undefined ? 'verified' : 'damaged';
  const version = versionOf(draft);
  return check({ format: FORMAT, version, ...draft, state });
}

function versionOf({ bot, changes }: Pick<Manifest, 'bot' | 'changes'>): Manifest['version'] {
  if (bot !== undefined) return VERSION;
  return changes === undefined ? 1 : 2;
}

/** What a manifest of a version names. */
const NAMES = { 1: 'neither', 2: 'a place in the change log', 3: 'its bot' } as const;

const SEAL = /^(.*),\n {2}"sha256": "([0-9a-f]{64})"\n\}\n$/s;

/**
 * UTF-8 JSON, indented by two spaces. It ends with the SHA-256 of all bytes before the comma of
 * that line.
 */
export function serializeManifest(manifest: Manifest): Uint8Array {
  const body = JSON.stringify(manifest, null, 2).slice(0, -'\n}'.length);
  return Buffer.from(`${body},\n  "sha256": "${hashText(body)}"\n}\n`);
}

/**
 * @throws ManifestError when it is truncated, changed by a single bit, from a newer program, or not
 * a manifest at all
 */
export function parseManifest(bytes: Uint8Array): Manifest {
  const file = decodeUtf8(bytes);
  const { body, holds } = sealOf(file);
  if (body === undefined) throw new ManifestError(explainUnsealed(file));
  if (!holds) throw new ManifestError('manifest was changed: its SHA-256 does not match');
  const text = `${body}\n}`;
  const value = parseJson(text);
  const manifest = check(value);
  // A name that stands twice, of which one reader takes the first and another the last.
  if (JSON.stringify(value, null, 2) !== text)
    throw new ManifestError('manifest is not written as a backup writes it: a name may stand in it twice');
  return manifest;
}

/** Whether somebody wrote these bytes as a manifest, whatever the program's version. */
export function isWhole(bytes: Uint8Array): boolean {
  return sealOf(Buffer.from(bytes).toString('utf8')).holds;
}

/** The bytes that the seal covers (undefined without one), and whether it fits. */
function sealOf(file: string): { readonly body: string | undefined; readonly holds: boolean } {
  const [, body, seal] = SEAL.exec(file) ?? [];
  return { body, holds: body !== undefined && hashText(body) === seal };
}

function check(value: unknown): Manifest {
  const result = v.safeParse(manifestSchema, value);
  if (!result.success) {
    const [issue] = result.issues;
    const newer = newerVersion(value);
    if (newer !== undefined)
      throw new ManifestError(`manifest version ${newer} is newer than this program: update it`);
    throw new ManifestError(`manifest ${v.getDotPath(issue) ?? 'as a whole'}: ${issue.message}`);
  }
  const manifest = result.output;
  if ((manifest.state === 'damaged') !== (manifest.findings !== undefined))
    throw new ManifestError('manifest state: findings are of a damaged backup, and it has some');
  const version = versionOf(manifest);
  if (manifest.version !== version)
    throw new ManifestError(`manifest version: ${version} is of one that names ${NAMES[version]}`);
  for (const [role, object] of Object.entries(manifest.objects)) {
    const parsed = parseKey('', object.file);
    if (
      parsed?.name !== manifest.name ||
      parsed.role !== role ||
      parsed.encrypted !== object.encoding.includes('age')
    )
      throw new ManifestError(`manifest objects.${role}: file ${object.file} does not belong to it`);
    const { bytes: unpacked } = object.contents;
    if (unpacked > mostUnpacked(object.bytes))
      throw new ManifestError(
        `manifest objects.${role}: says that ${object.bytes} bytes unpack to ${unpacked}, which no backup does`,
      );
    const bytes = object.parts.reduce((sum, part) => sum + part.bytes, 0);
    if (bytes !== object.bytes)
      throw new ManifestError(`manifest objects.${role}: parts do not add up to its bytes`);
  }
  return manifest;
}

function newerVersion(value: unknown): number | undefined {
  const head = v.safeParse(v.object({ format: v.literal(FORMAT), version: v.number() }), value);
  return head.success && head.output.version > VERSION ? head.output.version : undefined;
}

/** No seal: either truncated, or something else altogether. */
function explainUnsealed(file: string): string {
  return file.includes(`"format": "${FORMAT}"`)
    ? 'manifest is cut or changed: its last lines are missing'
    : 'not a manifest';
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new ManifestError('manifest is not UTF-8', { cause });
  }
}

function parseJson(file: string): unknown {
  try {
    return JSON.parse(file);
  } catch (cause) {
    throw new ManifestError('manifest is not JSON', { cause });
  }
}

function hashText(body: string): string {
  return createHash('sha256').update(body).digest('hex');
}
