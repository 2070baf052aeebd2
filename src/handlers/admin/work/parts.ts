/** What long work needs of its host; an update and the tick both have it. */
import type { Services } from '../../../bot/services.ts';
import type { Screen } from '../../../bot/show.ts';
import type { AdminWork } from '../../../db/admin-work.ts';
import type { Statement } from '../../../db/database.ts';
import type { Texts } from '../../../locales/index.ts';

export type WorkParts = Pick<
  Services,
  | 'ownerIds'
  | 'db'
  | 'api'
  | 'backups'
  | 'defaultLocale'
  | 'now'
  | 'log'
  | 'importUpload'
  | 'moments'
  | 'timeZone'
  | 'background'
  | 'after'
>;

/** What the admin is told in the end, and what is written with it. */
export interface WorkOutcome {
  readonly screen: Screen | undefined;
  readonly statements?: readonly Statement[];
}

/**
 * @param signal aborts when the host stops (then the next one does the work), or the admin calls it
 * off
 */
export type DoWork = (
  parts: WorkParts,
  work: AdminWork,
  t: Texts,
  signal: AbortSignal,
) => Promise<WorkOutcome>;

/** The admin called it off. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}
