/** Checks a backup, every stored byte of it. */
import { html } from '../../../text/html.ts';
import type { DoWork } from './parts.ts';

export const doCheck: DoWork = async ({ backups }, { detail }, { admin: { backup }, backupTrouble }) => {
  const { name } = JSON.parse(detail) as { name: string };
  const verdict = await backups.verify(name);
  if (verdict === undefined) return { screen: { text: backup.unsound(name, [html`${backup.gone()}`]) } };
  const text = verdict.ok
    ? backup.sound(name, verdict.opened)
    : backup.unsound(name, verdict.problems.map(backupTrouble));
  return { screen: { text } };
};
