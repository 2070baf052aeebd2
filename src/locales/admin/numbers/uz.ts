/** Texts of the numbers about the bot's use. */
import type { Totals } from '../../../db/statistics.ts';
import { type Html, html, join } from '../../../text/html.ts';

export interface Ranked {
  readonly name: string;
  readonly value: number;
}

/** When a day of the statistics begins, as people read times. */
export interface DayClock {
  readonly dayStart: string;
  readonly zone: string;
}

export const uz = {
  stats: (totals: Totals, clock: DayClock): Html =>
    html`📊 <b>Statistika</b>\n\n👥 Foydalanuvchilar: <b>${totals.users}</b>\n  • bugun qo‘shildi: ${totals.newToday}\n  • botni bloklagan: ${totals.blocked}\n  • adminlar bloklagan: ${totals.banned}\n\n🔥 Faol foydalanuvchilar\n  • bugun: <b>${totals.activeDay}</b>\n  • shu hafta: <b>${totals.activeWeek}</b>\n  • shu oy: <b>${totals.activeMonth}</b>\n\n👁 Ko‘rishlar\n  • bugun: <b>${totals.viewsToday}</b>\n  • jami: <b>${totals.views}</b>\n\n🎬 Animelar: <b>${totals.anime}</b> (savatda: ${totals.trashed})\n🎞 Qismlar: <b>${totals.parts}</b>\n📣 Guruh va kanallar: ${totals.groups}\n🔒 Majburiy obuna kanallari: ${totals.channels}\n\n${periods(clock)}`,
  charts: () => '📈 Grafiklar',
  top: () => '🔥 Ko‘p ko‘rilganlar',
  metric: { views: '👁 Ko‘rishlar', new: '👤 Yangilar', day: '🔥 Faollar' },
  days: (days: number) => `${days} kun`,
  chart: (
    metric: 'views' | 'new' | 'day',
    days: number,
    numbers: {
      readonly total: number;
      readonly best: number;
      readonly bestDay: string;
      readonly today: number;
    },
    sources: readonly Ranked[],
    clock: DayClock,
  ): Html =>
    html`<b>${METRIC[metric]}</b>, oxirgi <b>${days}</b> kun\n\n${metric === 'day' ? '' : `Jami: ${numbers.total}\n`}Eng ko‘pi: <b>${numbers.best}</b> (${numbers.bestDay})\nBugun: <b>${numbers.today}</b>${sources.length === 0 ? '' : html`\n\n🧭 Qayerdan kelgan:\n${ranked(sources)}`}\n\n${periods(clock)}`,
  topAnime: (days: number, found: readonly Ranked[]): Html =>
    html`🔥 <b>Ko‘p ko‘rilganlar</b>, ${days === 0 ? 'butun davr' : `oxirgi ${days} kun`}\n\n${found.length === 0 ? 'Hali ko‘rishlar yo‘q.' : ranked(found, '👁 ')}`,
  allTime: () => 'Butun davr',
};

const METRIC = {
  views: '👁 Ko‘rishlar',
  new: '👤 Yangi foydalanuvchilar',
  day: '🔥 Faol foydalanuvchilar',
} as const;

function periods({ dayStart, zone }: DayClock): string {
  return `Kun, hafta va oy UTC bo‘yicha: yangi kun soat ${dayStart} da boshlanadi (${zone}).`;
}

function ranked(list: readonly Ranked[], sign = ''): Html {
  return join(
    list.map(({ name, value }, i) => html`${i + 1}. ${name} — ${sign}<b>${value}</b>`),
    '\n',
  );
}
