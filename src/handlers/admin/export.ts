/** /export: the catalogue as JSON that can be imported again (`npm run backup -- import`). */
import { gzipSync } from 'node:zlib';
import { InputFile } from 'grammy';
import { type AdminContext, feature } from '../../bot/feature.ts';
import type { Screen } from '../../bot/show.ts';
import { audit } from '../../db/audit-log.ts';
import { EXPORT_PAGE, exportedAnime, exportedLists } from '../../db/catalogue-export.ts';
import type { Database } from '../../db/database.ts';
import { toSqlTime } from '../../db/time.ts';

/** Bots upload at most 50 MB (docs/platform-facts.md); some room for the request around it. */
const UPLOAD_LIMIT = 49_000_000;
/** Larger files are packed: smaller on the wire, and the reader unpacks them by itself. */
const PACK_FROM = 10_000_000;

export const exportFeature = feature('admins').on('export', send);

async function send(ctx: AdminContext): Promise<Screen | undefined> {
  await ctx.answerPress();
  const { json, anime } = await exportCatalogue(ctx.services.db, ctx.now);
  const isPacked = json.byteLength > PACK_FROM;
  const file = isPacked ? gzipSync(json) : json;
  const { system } = ctx.t.admin;
  if (file.byteLength > UPLOAD_LIMIT) return { text: system.exportTooLarge(), isNew: true };
  const stamp = toSqlTime(ctx.now).replaceAll(/[-:]/g, '').replace(' ', '_');
  const name = `anime_export_${stamp}.json${isPacked ? '.gz' : ''}`;
  ctx.turn.stage(audit(ctx.viewer.id, 'exported', String(anime), ctx.now));
  await ctx.replyWithDocument(new InputFile(file, name), {
    caption: system.exported(anime).markup,
    parse_mode: 'HTML',
  });
  return undefined;
}

/** One read for every {@link EXPORT_PAGE} anime. The pages are not one snapshot: a backup is. */
export async function exportCatalogue(
  db: Database,
  now: Date,
): Promise<{ readonly json: Uint8Array; readonly anime: number }> {
  const items: string[] = [];
  let last = 0;
  for (;;) {
    const [page] = await db.read([exportedAnime(last)]);
    items.push(...page.map(({ json }) => json));
    last = page.at(-1)?.id ?? last;
    if (page.length < EXPORT_PAGE) break;
  }
  const [lists] = await db.read([exportedLists()]);
  const head = { format: 'anime-bot-export', format_version: 1, exported_at: toSqlTime(now) };
  const text = [
    `${JSON.stringify(head).slice(0, -1)},\n"anime": [\n${items.join(',\n')}\n]`,
    ...lists.map(([key, json]) => `,\n"${key}": ${json}`),
    '\n}\n',
  ].join('');
  return { json: Buffer.from(text), anime: items.length };
}
