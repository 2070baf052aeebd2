import { html } from '../../../text/html.ts';
import type { uz } from './uz.ts';

export const uzCyrl: typeof uz = {
  announce: () => '📣 Э’лон матни',
  repost: (count) => `🔁 Қайта жойлаш (${count})`,
  repostNow: () => '🔁 Ҳа, қайта жойлансин',
  state: (from, facts) =>
    html`🚚 <b>Кўчиш</b>: база @${from} ботиники эди.\nЯнги ботга ўтган файллар: <b>${facts.linked}</b>${facts.left === 0 ? '' : `\n⏳ Қолди: ${facts.left} та${facts.minutes === null ? '' : `, тахминан ${duration(facts.minutes)}`}`}${facts.missing === 0 ? '' : `\n⚠️ Нусхаси йўқ: ${facts.missing} та`}\nАрхивда нусхаси бор файллар ҳозироқ очилади.`,
  progress: (facts) =>
    html`🚚 <b>Янги ботга кўчиш</b>\n\nЎтган файллар: <b>${facts.linked}</b> / ${facts.linked + facts.left}${facts.left === 0 ? '\n✅ Тугади.' : facts.closed !== null ? html`\n⏸ Бот архив каналида ишлай олмаяпти: ${facts.closed}. Ботни каналда админ қилинг, «Пост жойлаш» ва «Хабарларни ўчириш» ҳуқуқларини беринг.` : `\n⏳ Тахминан ${duration(facts.minutes ?? 0)} қолди.`}${facts.missing === 0 ? '' : `\n⚠️ Нусхаси йўқ файллар: ${facts.missing} та. Рўйхати: /archive`}`,
  linked: (title, code, part) =>
    html`✅ Бу «${title}» (${code}) ${part === null ? 'расми' : `${part}-қисми`} эди. Жойига қўйилди.`,
  announceHint: () =>
    html`Янги бот эски томошабинларга биринчи бўлиб ёза олмайди: Telegram бунга фақат ботни ўзи очганлар учун рухсат беради. Қуйидаги матнни каналларингизга жойланг:`,
  announcement: (username, link) =>
    html`📢 Ботимиз янги манзилга кўчди: @${username}\n\nКўрганларингиз тарихи, севимлилар ва кузатаётган анимеларингиз сақланиб қолган. Ҳаволани очинг ва «Старт»ни босинг: ${link}`,
  askRepost: (count, from) =>
    html`🔁 <b>${count}</b> та постдаги ҳавола @${from} ботига олиб боради.\n\nКаналларда бот «Постларни таҳрирлаш» ҳуқуқи билан ҳаволани алмаштиради. Гуруҳда бошқа ботнинг хабарини таҳрирлаб бўлмайди, у ерга карта қайта жойланади. Давом этилсинми?`,
  reposting: (moves) =>
    html`🔁 <b>Қайта жойлаш</b>\n\n✏️ Ҳаволаси алмаштирилди: ${moves.edited}\n📣 Қайта жойланди: ${moves.posted}\n❌ Бўлмади: ${moves.failed}${moves.left === 0 ? '\n\n✅ Тугади.' : `\n⏳ Қолди: ${moves.left}`}`,
  nothingToRepost: () => html`✅ Эски ботга олиб борадиган пост йўқ.`,
  notice: (from, to) =>
    html`🚚 <b>Бот алмашди</b>: база @${from} ботиники, токен эса @${to} ботники. Каталог, фойдаланувчилар ва тарих жойида.\n\n1. @${to} ни архив каналида админ қилинг («Пост жойлаш» ва «Хабарларни ўчириш»). Шундан сўнг видеолар дарҳол очилади.\n2. Уни гуруҳларга, каналларга ва мажбурий обуна каналларига ҳам қўшинг.\n3. /archive ни очинг: қанча қолгани, э’лон матни ва қайта жойлаш ўша ерда.`,
  done: (linked, missing) =>
    html`✅ <b>Кўчиш тугади</b>: ${linked} та файл янги ботга ўтди.${missing === 0 ? '' : `\n⚠️ ${missing} та файлнинг архивда нусхаси йўқ. Рўйхати: /archive`}`,
};

function duration(minutes: number): string {
  return minutes < 60 ? `${minutes} дақиқа` : `${Math.floor(minutes / 60)} соат ${minutes % 60} дақиқа`;
}
