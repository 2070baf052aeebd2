import type { Store } from '../../backup/store/types.ts';
import type { LinkSettings } from '../../http/download-links.ts';
import { serveLink } from '../../http/serve-link.ts';
import type { HostParts } from '../host-parts.ts';

/** `addWork`: what a stopping host waits for. */
export function downloads(
  links: LinkSettings,
  store: Store,
  addWork: (work: Promise<void>) => unknown,
): NonNullable<HostParts['download']> {
  return ({ request, arrived, isAdmin, suspect }) => {
    const onBroken = (file: string, reason: string): void => void addWork(suspect(file, reason));
    return serveLink({ ...links, store, isAdmin, onBroken }, request, arrived);
  };
}
