/** Texts of the frame: said by no feature in particular. */
import { type Html, html } from '../../html.ts';

export const uz = {
  staleButton: () => 'Bu tugma eskirgan. Anime kodini yuboring yoki /start bosing.',
  notUnderstood: (): Html =>
    html`Tushunmadim. Anime kodini (masalan, <code>12</code>) yuboring yoki /help bosing.`,
  /** To admins, once for an update that can not be handled. */
  poisonUpdate: (updateId: number, error: string): Html =>
    html`⚠️ Bitta xabarga javob berib bo‘lmadi (update <code>${updateId}</code>).\nSababi: <code>${error}</code>\nXabar yo‘qolmadi: bazada saqlandi.`,
};
