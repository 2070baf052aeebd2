import { html } from '../../html.ts';
import type { uz } from './uz.ts';

export const uzCyrl: typeof uz = {
  staleButton: () => 'Бу тугма эскирган. Аниме кодини юборинг ёки /start босинг.',
  notUnderstood: () => html`Тушунмадим. Аниме кодини (масалан, <code>12</code>) юборинг ёки /help босинг.`,
  poisonUpdate: (updateId, error) =>
    html`⚠️ Битта хабарга жавоб бериб бўлмади (update <code>${updateId}</code>).\nСабаби: <code>${error}</code>\nХабар йўқолмади: базада сақланди.`,
};
