import { type Html, html, join } from '../../../text/html.ts';
import type { DayClock, Ranked, uz } from './uz.ts';

export const uzCyrl: typeof uz = {
  stats: (totals, clock) =>
    html`📊 <b>Статистика</b>\n\n👥 Фойдаланувчилар: <b>${totals.users}</b>\n  • бугун қўшилди: ${totals.newToday}\n  • ботни блоклаган: ${totals.blocked}\n  • админлар блоклаган: ${totals.banned}\n\n🔥 Фаол фойдаланувчилар\n  • бугун: <b>${totals.activeDay}</b>\n  • шу ҳафта: <b>${totals.activeWeek}</b>\n  • шу ой: <b>${totals.activeMonth}</b>\n\n👁 Кўришлар\n  • бугун: <b>${totals.viewsToday}</b>\n  • жами: <b>${totals.views}</b>\n\n🎬 Анимелар: <b>${totals.anime}</b> (саватда: ${totals.trashed})\n🎞 Қисмлар: <b>${totals.parts}</b>\n📣 Гуруҳ ва каналлар: ${totals.groups}\n🔒 Мажбурий обуна каналлари: ${totals.channels}\n\n${periods(clock)}`,
  charts: () => '📈 Графиклар',
  top: () => '🔥 Кўп кўрилганлар',
  metric: { views: '👁 Кўришлар', new: '👤 Янгилар', day: '🔥 Фаоллар' },
  days: (days) => `${days} кун`,
  chart: (metric, days, numbers, sources, clock) =>
    html`<b>${METRIC[metric]}</b>, охирги <b>${days}</b> кун\n\n${metric === 'day' ? '' : `Жами: ${numbers.total}\n`}Энг кўпи: <b>${numbers.best}</b> (${numbers.bestDay})\nБугун: <b>${numbers.today}</b>${sources.length === 0 ? '' : html`\n\n🧭 Қаердан келган:\n${ranked(sources)}`}\n\n${periods(clock)}`,
  topAnime: (days, found) =>
    html`🔥 <b>Кўп кўрилганлар</b>, ${days === 0 ? 'бутун давр' : `охирги ${days} кун`}\n\n${found.length === 0 ? 'Ҳали кўришлар йўқ.' : ranked(found, '👁 ')}`,
  allTime: () => 'Бутун давр',
};

const METRIC = {
  views: '👁 Кўришлар',
  new: '👤 Янги фойдаланувчилар',
  day: '🔥 Фаол фойдаланувчилар',
} as const;

function periods({ dayStart, zone }: DayClock): string {
  return `Кун, ҳафта ва ой UTC бўйича: янги кун соат ${dayStart} да бошланади (${zone}).`;
}

function ranked(list: readonly Ranked[], sign = ''): Html {
  return join(
    list.map(({ name, value }, i) => html`${i + 1}. ${name} — ${sign}<b>${value}</b>`),
    '\n',
  );
}
