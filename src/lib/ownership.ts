/** Files that root makes among the bot's (`sudo npm run backup -- …`): they go to the bot, which could not read them otherwise. Node only. */
import { lchownSync, statSync } from 'node:fs';
import process from 'node:process';

/** Only root can give a file away; everybody else has made it as their own. */
function canGive(): boolean {
  return process.getuid?.() === 0;
}

/** Gives `path` to whoever has `like`. A disk that knows no owners, or a server that keeps root small, is borne. */
export function giveAs(like: string, path: string): void {
  if (!canGive()) return;
  try {
    const { uid, gid } = statSync(like);
    // Never through a link: the directory is writable to others than root.
    lchownSync(path, uid, gid);
  } catch {
    // It is readable as before: by us.
  }
}
