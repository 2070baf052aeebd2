/** An admin's file: what it would change, and changing it. It is read again each time. */
import { randomUUID } from 'node:crypto';
import { type Api, HttpError } from 'grammy';
import { damageOf } from '../../../backup/catalog/entry.ts';
import { DocumentError } from '../../../backup/document/window.ts';
import { UnsealError } from '../../../backup/envelope/types.ts';
import { type ImportReport, ImportSuperseded, importRecords } from '../../../backup/import/import.ts';
import { openImportBytes, UnfitFile } from '../../../backup/import/open-bytes.ts';
import { Keyboard } from '../../../bot/keyboard.ts';
import { keepDetail } from '../../../db/admin-work.ts';
import { audit } from '../../../db/audit-log.ts';
import { DatabaseUnavailable } from '../../../db/database.ts';
import { capped } from '../../../lib/capped.ts';
import type { Texts } from '../../../locales/index.ts';
import { type Html, html } from '../../../text/html.ts';
import { Cancelled, type DoWork, type WorkParts } from './parts.ts';

/** Bots can fetch files up to 20 MB (docs/platform-facts.md). */
const DOWNLOAD_LIMIT = 20_000_000;
/** The old bot wrote its server's local time; its users live in UTC+5, without summer time. */
const UTC_OFFSET_MINUTES = 300;

export interface AskedImport {
  readonly name: string;
  readonly fileId: string;
  readonly bytes: number;
  /** The file's message. */
  readonly replyTo?: number;
  /** A process was at it. */
  readonly isBegun?: boolean;
}

export const doLook: DoWork = async (parts, { detail }, t, signal) => {
  const { imports } = t.admin;
  const report = await readFile(parts, t, JSON.parse(detail) as AskedImport, { dryRun: true, signal });
  if (!isReport(report)) return { screen: { text: report } };
  const changes = report.tables.reduce((sum, { added, changed }) => sum + added + changed, 0);
  if (changes === 0) return { screen: { text: imports.nothingNew(report) } };
  const keyboard = new Keyboard()
    .button(imports.yes(), { kind: 'importNow' })
    .button(t.admin.system.no(), { kind: 'importDrop' });
  return { screen: { text: imports.plan(report), keyboard } };
};

/**
 * Backs up, then imports. One that was begun and not finished shows what is left to change instead,
 * with the button: the backup before it holds this very request, and whoever restores that does not
 * want the import again.
 */
export const doImport: DoWork = async (parts, work, t, signal) => {
  const { imports } = t.admin;
  const { db, backups, now } = parts;
  const asked = JSON.parse(work.detail) as AskedImport;
  if (asked.isBegun === true) return doLook(parts, work, t, signal);
  await db.write([keepDetail(work.id, JSON.stringify({ ...asked, isBegun: true }))]);
  const backup = await backups.run({ trigger: 'import', scheduledAt: now(), signal });
  if (signal.reason instanceof Cancelled) return { screen: { text: imports.dropped() } };
  signal.throwIfAborted();
  const damage = backup.kind === 'done' ? damageOf(backup.manifest) : undefined;
  if (damage !== undefined) return { screen: { text: imports.noBackup(damage) } };
  const isSafe = backup.kind === 'done' || (backup.kind === 'skipped' && backup.reason === 'duplicate');
  if (!isSafe) {
    const reason = backup.kind === 'failed' ? backup.reason : backup.message;
    return { screen: { text: imports.noBackup(reason) } };
  }
  const report = await readFile(parts, t, asked, { dryRun: false, signal });
  if (!isReport(report)) return { screen: { text: report } };
  return {
    screen: { text: imports.done(report, backup.name ?? '') },
    statements: [audit(work.requestedBy, 'imported', asked.name, now())],
  };
};

function isReport(result: ImportReport | Html): result is ImportReport {
  return 'tables' in result;
}

/** What a file changes; or why it cannot be taken, for the admin. Passing trouble is thrown. */
async function readFile(
  { db, api, importUpload, ownerIds }: WorkParts,
  { admin: { imports } }: Texts,
  { fileId, bytes }: AskedImport,
  { dryRun, signal }: { readonly dryRun: boolean; readonly signal: AbortSignal },
): Promise<ImportReport | Html> {
  if (bytes > DOWNLOAD_LIMIT) return imports.tooLarge();
  const file = await download(api, fileId);
  if (file === undefined) return html`${imports.fileGone()}`;
  try {
    const utcOffsetMinutes = UTC_OFFSET_MINUTES;
    if (importUpload !== undefined) return await importUpload(file, { utcOffsetMinutes, dryRun, signal });
    const records = await openImportBytes(file, { utcOffsetMinutes });
    return await importRecords(db, records, { id: randomUUID(), prefer: 'newer', dryRun, ownerIds });
  } catch (error) {
    if (error instanceof UnfitFile) return imports.unfit(error.kind);
    const fault = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    if (fault instanceof UnsealError && fault.reason === 'foreign')
      return html`${imports.unfit('foreign')}\n<code>${fault.message}</code>`;
    if (fault instanceof DocumentError || fault instanceof UnsealError) return imports.broken(fault.message);
    if (error instanceof Cancelled) return imports.dropped();
    if (error instanceof ImportSuperseded) return imports.busy();
    // It is tried again, and what a merge has done already stays the same.
    if (error instanceof Error && error.cause instanceof DatabaseUnavailable) throw error.cause;
    throw error;
  }
}

/**
 * The whole file in memory: staging it may take longer than Telegram holds a connection open for a
 * slow reader. Undefined when Telegram no longer has it.
 */
async function download(api: Api, fileId: string): Promise<ReadableStream<Uint8Array> | undefined> {
  const { file_path: path } = await api.getFile(fileId);
  const root = api.options?.apiRoot ?? 'https://api.telegram.org';
  try {
    const response = await fetch(`${root}/file/bot${api.token}/${path}`, { redirect: 'manual' });
    if (response.status === 404) return undefined;
    if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
    const body = capped(response.body, DOWNLOAD_LIMIT, () => new Error('more bytes than a bot may fetch'));
    return new Response(await new Response(body).arrayBuffer()).body ?? new ReadableStream();
  } catch (error) {
    // The address holds the token: it is in no message.
    throw new HttpError(
      `Telegram gave no file: ${error instanceof Error ? error.message : 'no answer'}`,
      error,
    );
  }
}
