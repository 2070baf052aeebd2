/** Tells the admin of a run and its outcome. The tick tells the same of those it finished. */
import type { BackupOutcome } from '../../backup/run/outcome.ts';
import type { BackupProgress } from '../../backup/run/progress.ts';
import { Keyboard } from '../../bot/keyboard.ts';
import type { Screen } from '../../bot/show.ts';
import type { Texts } from '../../locales/index.ts';
import { type Html, join } from '../../text/html.ts';
import { factsOfManifest } from './backup-facts.ts';

/**
 * @param zone in which people read times
 * @param reach {@link reachNow}
 */
export function outcomeScreen(
  outcome: BackupOutcome,
  { t, zone, reach }: { readonly t: Texts; readonly zone: string; readonly reach: readonly Html[] },
): Screen {
  const { backup, system } = t.admin;
  const panel = (keyboard = new Keyboard()): Keyboard =>
    keyboard.button(system.backups(), { kind: 'backups', page: 0 });
  if (outcome.kind === 'failed')
    return { text: backup.failed(t.backupTrouble(outcome.reason)), keyboard: panel() };
  if (outcome.kind === 'skipped')
    return { text: outcome.reason === 'busy' ? backup.busy() : backup.duplicate(), keyboard: panel() };
  const { name } = outcome;
  const keyboard = new Keyboard()
    .button(backup.links(), { kind: 'backupLinks', text: name })
    .last(backup.check(), { kind: 'backupCheck', text: name })
    .last(backup.sendHere(), { kind: 'backupSend', text: name });
  const facts = factsOfManifest(outcome.manifest, zone, t.backupTrouble);
  const text = facts.isVerified ? backup.done(facts) : backup.facts(facts);
  return { text: join([text, ...reach], '\n'), keyboard: panel(keyboard) };
}

export function progressText({ phase, rows, bytes, total }: BackupProgress, t: Texts): Html {
  const percent = (part: number): number | null =>
    total === undefined || total === 0 ? null : Math.min(99, Math.floor((100 * part) / total));
  if (phase === 'snapshot') return t.admin.backup.reading(rows, percent(rows));
  if (phase === 'proof') return t.admin.backup.proving(percent(bytes));
  return t.admin.backup.cleaning();
}
