/** What stands below a copy: a person can read the channel when no database is left. */
import type { FilePlace } from '../db/missing-files.ts';
import { textsFor } from '../locales/index.ts';
import type { LocaleName } from '../settings/config.ts';
import { cutText, type Html } from '../text/html.ts';
import { titleFrom } from '../text/search-text.ts';

export function archiveCaption(locale: LocaleName, { title, description, code, part }: FilePlace): Html {
  const t = textsFor(locale);
  const name = titleFrom(title, description) ?? t.viewer.untitled(code);
  return t.admin.archive.caption(cutText(name, 256).text, code, part);
}
