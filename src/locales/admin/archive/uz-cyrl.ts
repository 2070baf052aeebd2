import { html, join } from '../../../text/html.ts';
import type { MissingFile, uz } from './uz.ts';

export const uzCyrl: typeof uz = {
  open: () => '🗄 Архив',
  add: () => '➕ Архив каналини қўшиш',
  replace: () => '🔁 Канални алмаштириш',
  remove: () => '🗑 Архивдан воз кечиш',
  yesRemove: () => '🗑 Ҳа, воз кечилсин',
  yesPublic: () => '⚠️ Ҳа, шу канал бўлсин',
  refresh: () => '🔄 Текшириб янгилаш',
  missing: (count) => `📋 Нусхаси йўқ файллар (${count})`,
  none: () =>
    html`🗄 <b>Архив</b>\n\nАрхив канали ҳали йўқ. Telegram ботни блокласа, видеоларни бошқа бот юбора олмайди: ҳар бир ботнинг файллари фақат ўзиники.\n\nАрхив — сиз очган ёпиқ канал. Бот ҳар бир қисм ва расмнинг нусхасини ўша ерга қўйиб боради, кейин янги бот уларни ўша ердан олади.`,
  ask: () =>
    html`🗄 <b>Архив канали</b>:\n\n1. Янги <b>ёпиқ канал</b> очинг.\n2. Ботни у ерда <b>админ</b> қилинг, «Пост жойлаш» ва «Хабарларни ўчириш» ҳуқуқларини беринг.\n3. Бу ерга каналдан исталган постни узатинг ёки шулардан бирини юборинг: <code>@nomi</code>, <code>t.me/nomi</code> ҳаволаси, ID рақами.`,
  chosen: (name) => html`✅ Архив канали: «${name}». Файллар бир дақиқа ичида нусхалана бошлайди.`,
  askPublic: (name) =>
    html`⚠️ «${name}» — очиқ канал: уни истаган киши топади ва ичидаги ҳамма қисм ва расмларни кўради. Шикоят тушса, Telegram уни ёпиши мумкин, нусхалар ҳам йўқолади.\n\nАрхивга <b>ёпиқ канал</b> керак: ўшанисини юборинг. Шу канал архив бўлаверсинми?`,
  askRemove: (name) =>
    html`🗑 «${name}» архив бўлмасинми? Каналдаги нусхалар ўз жойида қолади, лекин янги файллар нусхаланмайди.`,
  removed: (name) => html`✅ «${name}» энди архив эмас.`,
  screen: (facts) =>
    html`🗄 <b>Архив</b>: «${facts.name}»\n\nНусхаланган файллар: <b>${facts.archived}</b> / ${facts.files}${facts.archived >= facts.files ? '\n✅ Ҳаммаси жойида.' : facts.left === 0 ? '' : html`\n⏳ Қолди: ${facts.left} та${facts.minutes === null ? '' : `, тахминан ${duration(facts.minutes)}`}`}${facts.refused === 0 ? '' : `\n⚠️ Telegram ${facts.refused} та файлни бермади: уларни қайта юкланг.`}${facts.problem === null ? '' : html`\n\n⚠️ Бот каналда ишлай олмаяпти: ${facts.problem}\n«Пост жойлаш» ва «Хабарларни ўчириш» ҳуқуқларини беринг.`}`,
  caption: (title, code, part) =>
    html`<b>${title}</b>\nКод: ${code}\n${part === null ? 'Расм' : `${part}-қисм`}`,
  missingList: (files, page, pages) =>
    html`📋 <b>Нусхаси йўқ файллар</b> (${page}/${pages})\n\n${join(
      files.map(
        (file) =>
          html`• ${file.title} (${file.code}): ${file.part === null ? 'расм' : `${file.part}-қисм`}${file.byHand ? ' ✏️' : ''}`,
      ),
      '\n',
    )}${files.some(isKnown) ? `\n\nАйнан шу ${kindOf(files)} кимда бўлса, ботга узатсин: бот уни ўзи танийди ва жойига қўяди. Бошқа нусхаси бўлса, /edit орқали алмаштиринг.` : ''}${files.every(isKnown) ? '' : '\n\n✏️ белгили файлларни бот танимайди ёки Telegram бермайди: уларни /edit орқали қайта юкланг.'}`,
  nothingMissing: () => html`✅ Нусхаси йўқ файл қолмади.`,
  trouble: (name, reason) =>
    html`⚠️ Бот «${name}» архив каналида ишлай олмаяпти, янги файллар нусхаланмаяпти.\nСабаби: ${reason}\nБотни каналда админ қилинг, «Пост жойлаш» ва «Хабарларни ўчириш» ҳуқуқларини беринг.`,
  isBack: (name) => html`✅ Бот «${name}» архив каналида яна ишлаяпти.`,
};

function duration(minutes: number): string {
  return minutes < 60 ? `${minutes} дақиқа` : `${Math.floor(minutes / 60)} соат ${minutes % 60} дақиқа`;
}

const isKnown = (file: MissingFile): boolean => !file.byHand;

/** Of the files that the bot knows. */
function kindOf(files: readonly MissingFile[]): string {
  const known = files.filter(isKnown);
  if (known.every(({ part }) => part === null)) return 'расм';
  return known.every(({ part }) => part !== null) ? 'видео' : 'расм ёки видео';
}
