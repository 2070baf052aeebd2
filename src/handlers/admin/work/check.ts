/** Checks a backup, every stored byte of it. */
import type { DoWork } from './parts.ts';

export const doCheck: DoWork = async ({ backups }, { detail }, { admin: { backup } }) => {
  const { name } = JSON.parse(detail) as { name: string };
  const verdict = await backups.verify(name);
  if (verdict === undefined) return { screen: { text: backup.unsound(name, [backup.gone()]) } };
  const text = verdict.ok ? backup.sound(name, verdict.opened) : backup.unsound(name, verdict.problems);
  return { screen: { text } };
};
