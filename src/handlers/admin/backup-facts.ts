/** A backup in figures a person reads. */
import { type BackupEntry, damageOf } from '../../backup/catalog/entry.ts';
import type { Manifest } from '../../backup/catalog/manifest.ts';
import type { AdminTexts } from '../../locales/admin/index.ts';
import type { Texts } from '../../locales/index.ts';
import type { Html } from '../../text/html.ts';
import { toTheSecond } from '../../text/moment.ts';

type Facts = Parameters<AdminTexts['backup']['facts']>[0];

/** Tables people ask about; the others are in `list` of the command line. */
const SHOWN_TABLES = ['anime', 'anime_parts', 'groups', 'mandatory_channels', 'users', 'user_history'];

/** @param plain why it counts for nothing, where it is not encrypted and the settings encrypt */
export function factsOf(
  entry: BackupEntry,
  zone: string,
  say: Texts['backupTrouble'],
  plain: Html | null,
): Facts {
  return {
    ...figures(entry.manifest),
    name: entry.name,
    takenAt: toTheSecond(entry.time, zone),
    zone,
    bytes: entry.bytes,
    isVerified: entry.state === 'verified',
    problem: entry.problem === undefined ? null : say(entry.problem),
    plain,
    isEncrypted: entry.encrypted,
    isPinned: entry.pinned,
  };
}

export function factsOfManifest(manifest: Manifest, zone: string, say: Texts['backupTrouble']): Facts {
  const damage = damageOf(manifest);
  const objects = Object.values(manifest.objects);
  return {
    ...figures(manifest),
    name: manifest.name,
    takenAt: toTheSecond(new Date(manifest.started_at), zone),
    zone,
    bytes: objects.reduce((sum, { bytes }) => sum + bytes, 0),
    isVerified: manifest.state === 'verified',
    problem: damage === undefined ? null : say(damage),
    plain: null,
    isEncrypted: objects.some(({ encoding }) => encoding.includes('age')),
    isPinned: false,
  };
}

function figures(manifest: Manifest | undefined): Pick<Facts, 'files' | 'rows' | 'seconds' | 'trigger'> {
  if (manifest === undefined) return { files: [], rows: [], seconds: null, trigger: null };
  const took = Date.parse(manifest.finished_at) - Date.parse(manifest.started_at);
  return {
    files: Object.values(manifest.objects).map(({ file, bytes }) => ({ name: file, bytes })),
    rows: SHOWN_TABLES.flatMap((name) => {
      const table = manifest.tables.find((candidate) => candidate.name === name);
      return table === undefined ? [] : [{ table: name, rows: table.rows }];
    }),
    seconds: Math.max(0, Math.round(took / 100) / 10),
    trigger: manifest.trigger,
  };
}
