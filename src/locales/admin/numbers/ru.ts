import { type Html, html, join } from '../../../text/html.ts';
import type { DayClock, Ranked, uz } from './uz.ts';

export const ru: typeof uz = {
  stats: (totals, clock) =>
    html`📊 <b>Статистика</b>\n\n👥 Пользователей: <b>${totals.users}</b>\n  • новых сегодня: ${totals.newToday}\n  • заблокировали бота: ${totals.blocked}\n  • заблокированы админами: ${totals.banned}\n\n🔥 Активные пользователи\n  • сегодня: <b>${totals.activeDay}</b>\n  • на этой неделе: <b>${totals.activeWeek}</b>\n  • в этом месяце: <b>${totals.activeMonth}</b>\n\n👁 Просмотры\n  • сегодня: <b>${totals.viewsToday}</b>\n  • всего: <b>${totals.views}</b>\n\n🎬 Аниме: <b>${totals.anime}</b> (в корзине: ${totals.trashed})\n🎞 Серий: <b>${totals.parts}</b>\n📣 Групп и каналов: ${totals.groups}\n🔒 Каналов обязательной подписки: ${totals.channels}\n\n${periods(clock)}`,
  charts: () => '📈 Графики',
  top: () => '🔥 Самое популярное',
  metric: { views: '👁 Просмотры', new: '👤 Новые', day: '🔥 Активные' },
  days: (days) => `${days} дн.`,
  chart: (metric, days, numbers, sources, clock) =>
    html`<b>${METRIC[metric]}</b>, за <b>${days}</b> дн.\n\n${metric === 'day' ? '' : `Всего: ${numbers.total}\n`}Больше всего: <b>${numbers.best}</b> (${numbers.bestDay})\nСегодня: <b>${numbers.today}</b>${sources.length === 0 ? '' : html`\n\n🧭 Откуда пришли:\n${ranked(sources)}`}\n\n${periods(clock)}`,
  topAnime: (days, found) =>
    html`🔥 <b>Самое популярное</b>, ${days === 0 ? 'за всё время' : `за ${days} дн.`}\n\n${found.length === 0 ? 'Просмотров пока нет.' : ranked(found, '👁 ')}`,
  allTime: () => 'Всё время',
};

const METRIC = {
  views: '👁 Просмотры',
  new: '👤 Новые пользователи',
  day: '🔥 Активные пользователи',
} as const;

function periods({ dayStart, zone }: DayClock): string {
  return `Дни, недели и месяцы — по UTC: новый день начинается в ${dayStart} (${zone}).`;
}

function ranked(list: readonly Ranked[], sign = ''): Html {
  return join(
    list.map(({ name, value }, i) => html`${i + 1}. ${name} — ${sign}<b>${value}</b>`),
    '\n',
  );
}
