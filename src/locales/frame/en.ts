import { html } from '../../html.ts';
import type { uz } from './uz.ts';

export const en: typeof uz = {
  staleButton: () => 'This button is out of date. Send an anime code or press /start.',
  notUnderstood: () =>
    html`I did not understand. Send an anime code (for example <code>12</code>) or press /help.`,
  poisonUpdate: (updateId, error) =>
    html`⚠️ One message could not be answered (update <code>${updateId}</code>).\nReason: <code>${error}</code>\nIt is not lost: it is kept in the database.`,
};
