/** How the Node host finds out that a bucket has lost or damaged what was stored there. */
import type { Bucket } from '../../backup/catalog/bucket.ts';
import type { ChangeKeeper } from '../../jobs/job.ts';
import { LookingBack } from '../../jobs/look-back.ts';
import type { Config } from '../../settings/config.ts';
import { botKeys } from '../compose.ts';
import type { HostParts } from '../host-parts.ts';

export function looksAtBuckets(
  { backup, changes }: Pick<Config, 'backup' | 'changes'>,
  { first, copy }: { readonly first: Bucket; readonly copy: Bucket | undefined },
): Pick<ChangeKeeper, 'putBack'> & Required<Pick<HostParts, 'lookBack'>> & Pick<LookingBack, 'suspect'> {
  const looks = new LookingBack({ first, copy, keys: botKeys(backup), days: changes.retentionDays });
  return {
    putBack: copy && ((context) => looks.putBack(context)),
    lookBack: (context, holder) => looks.run(context, holder),
    suspect: (...what) => looks.suspect(...what),
  };
}
