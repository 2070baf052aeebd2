/** Edits one message as something long goes on. */
import { describeError, type Log } from '../../lib/log.ts';
import type { Html } from '../../text/html.ts';

/** docs/spec/backup.md: at most one edit in three seconds. */
const EDIT_EVERY_MS = 3_000;

export interface PacedEdits {
  /** `make` is called only when its text is shown. */
  show(make: () => Html): void;
  /** The outcome must come after the last edit, not before. */
  settled(): Promise<void>;
}

/** A failed edit is no reason for the work to fail. */
export function pacedEdits(
  services: { readonly now: () => Date; readonly log: Log },
  edit: (text: Html) => Promise<unknown>,
): PacedEdits {
  let shownAt = services.now().getTime();
  let running = Promise.resolve();
  let isEditing = false;
  return {
    show: (make) => {
      const at = services.now().getTime();
      if (isEditing || at - shownAt < EDIT_EVERY_MS) return;
      shownAt = at;
      isEditing = true;
      running = edit(make())
        .catch((error: unknown) => {
          services.log.debug('progress not shown', { error: describeError(error) });
        })
        .then(() => {
          isEditing = false;
        });
    },
    settled: () => running,
  };
}
