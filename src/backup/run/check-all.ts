/** What is wrong with a database that was read to its end. */
import { tooNewText } from '../catalog/newest.ts';
import type { ScanCounts } from '../model/database-damage.ts';
import type { Snapshot, SourceCheck } from '../model/model.ts';
import { ledgerTriggers } from '../schema/ledger-triggers.ts';
import { missingParts } from '../schema/missing-parts.ts';
import { strangersOf } from '../schema/strangers.ts';

const UNCHECKED: SourceCheck = { damage: [], notes: [], proof: 'rows of every scan counted' };

/** Without its words: a manifest is not encrypted. */
const WANTS_ANY_SCHEMA =
  'SQL that this program did not make acts in the database (`verify` names it): a restore of this backup wants --any-schema';

/** `versions`: its migrations, as they were read; `counts`: of its scans. */
export async function checkAll(
  snapshot: Snapshot,
  versions: Parameters<typeof missingParts>[1],
  counts: ScanCounts,
): Promise<SourceCheck> {
  const found = (await snapshot.check?.()) ?? UNCHECKED;
  const missing = missingParts(snapshot.schema, versions);
  const triggers = ledgerTriggers(snapshot.schema.objects);
  const isForeign = strangersOf(snapshot.schema.objects).some(({ runs }) => runs);
  const tooNew = tooNewText({ schema_version: versions.at(-1) ?? null });
  return {
    ...found,
    notes: [
      ...found.notes,
      ...(tooNew === undefined ? [] : [tooNew]),
      ...(isForeign ? [WANTS_ANY_SCHEMA] : []),
    ],
    damage: [...found.damage, ...missing, ...triggers, ...counts.findings(snapshot.schema)],
  };
}
