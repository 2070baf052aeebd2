import { type Html, html, join } from '../../../text/html.ts';
import type { DayClock, Ranked, uz } from './uz.ts';

export const en: typeof uz = {
  stats: (totals, clock) =>
    html`📊 <b>Statistics</b>\n\n👥 Users: <b>${totals.users}</b>\n  • new today: ${totals.newToday}\n  • blocked the bot: ${totals.blocked}\n  • blocked by admins: ${totals.banned}\n\n🔥 Active users\n  • today: <b>${totals.activeDay}</b>\n  • this week: <b>${totals.activeWeek}</b>\n  • this month: <b>${totals.activeMonth}</b>\n\n👁 Views\n  • today: <b>${totals.viewsToday}</b>\n  • all time: <b>${totals.views}</b>\n\n🎬 Anime: <b>${totals.anime}</b> (in the trash: ${totals.trashed})\n🎞 Episodes: <b>${totals.parts}</b>\n📣 Groups and channels: ${totals.groups}\n🔒 Mandatory channels: ${totals.channels}\n\n${periods(clock)}`,
  charts: () => '📈 Charts',
  top: () => '🔥 Most viewed',
  metric: { views: '👁 Views', new: '👤 New', day: '🔥 Active' },
  days: (days) => `${days} days`,
  chart: (metric, days, numbers, sources, clock) =>
    html`<b>${METRIC[metric]}</b>, the last <b>${days}</b> days\n\n${metric === 'day' ? '' : `Total: ${numbers.total}\n`}Most: <b>${numbers.best}</b> (${numbers.bestDay})\nToday: <b>${numbers.today}</b>${sources.length === 0 ? '' : html`\n\n🧭 Where they came from:\n${ranked(sources)}`}\n\n${periods(clock)}`,
  topAnime: (days, found) =>
    html`🔥 <b>Most viewed</b>, ${days === 0 ? 'all time' : `the last ${days} days`}\n\n${found.length === 0 ? 'No views yet.' : ranked(found, '👁 ')}`,
  allTime: () => 'All time',
};

const METRIC = {
  views: '👁 Views',
  new: '👤 New users',
  day: '🔥 Active users',
} as const;

function periods({ dayStart, zone }: DayClock): string {
  return `Days, weeks and months are in UTC: a new day begins at ${dayStart} (${zone}).`;
}

function ranked(list: readonly Ranked[], sign = ''): Html {
  return join(
    list.map(({ name, value }, i) => html`${i + 1}. ${name} — ${sign}<b>${value}</b>`),
    '\n',
  );
}
