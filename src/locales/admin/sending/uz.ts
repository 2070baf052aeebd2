/** Texts of posting and broadcasting. */
import { type Html, html, join } from '../../../html.ts';

interface Outcome {
  readonly name: string;
  readonly state: 'waiting' | 'sending' | 'sent' | 'failed';
  readonly error: string | null;
}

export const uz = {
  post: () => '📣 Joylash',
  postNow: (chats: number) => `📤 Hoziroq joylash (${chats})`,
  askPost: (title: string): Html =>
    html`📣 <b>${title}</b>\n\nQayerga joylansin? Belgilang va «Hoziroq joylash»ni bosing.`,
  choice: (name: string, isChosen: boolean, postedOn: string | null) =>
    `${isChosen ? '✅' : '▫️'} ${name}${postedOn === null ? '' : ` · ${postedOn}`}`,
  nothingChosen: () => 'Avval kamida bitta guruh yoki kanalni belgilang.',
  noChats: (): Html => html`📣 Hali guruh yoki kanal qo‘shilmagan.`,
  report: (results: readonly Outcome[]): Html => {
    const lines = results.map((result) =>
      result.state === 'sent'
        ? html`✅ ${result.name}`
        : result.state === 'failed'
          ? html`❌ ${result.name}: ${result.error ?? ''}`
          : html`⏳ ${result.name}${result.error === null ? '' : `: ${result.error}`}`,
    );
    return html`📣 <b>Joylash natijasi</b>\n\n${join(lines, '\n')}`;
  },
  watchHere: () => '▶️ Animeni ko‘rish',
};
