/** /stats, /analytics, /top: true numbers, as a picture where a person would rather look than read. */
import { InlineKeyboard, InputFile } from 'grammy';
import { encodeAction } from '../../bot/callback-data.ts';
import type { BotContext } from '../../bot/context.ts';
import type { Feature } from '../../bot/feature.ts';
import { isFileRefused } from '../../bot/file-trouble.ts';
import { type Screen, show } from '../../bot/show.ts';
import { prefetch } from '../../bot/turn.ts';
import { barChart } from '../../charts/bar-chart.ts';
import { type Counted, perDay, type TopAnime, topAnime, topSources, totals } from '../../db/statistics.ts';
import type { Texts } from '../../locales/index.ts';
import { cutText } from '../../text/html.ts';
import { AdminRoutes, pressed, whenAsked } from './routes.ts';

/** In the order of the buttons' `metric`; never reorder. */
const METRICS = ['views', 'new', 'day'] as const;
const SPANS = [7, 30, 90] as const;
const TOP_SPANS = [7, 30, 0] as const;
const TOP = 15;
const SOURCES = 5;

const numbers = whenAsked('stats', ['stats'], (_userId, now) => totals(now));
const days = prefetch((incoming, { now }) => {
  const wanted = chartOf(incoming);
  return wanted === undefined ? undefined : perDay(METRICS[wanted.metric] ?? 'views', now, wanted.days);
});
const sources = prefetch((incoming) => (chartOf(incoming)?.metric === 1 ? topSources(SOURCES) : undefined));
const top = prefetch((incoming, { now }) => {
  const span = topOf(incoming);
  return span === undefined ? undefined : topAnime(now, span === 0 ? undefined : span, TOP);
});

const routes = new AdminRoutes()
  .command('stats', (ctx) => openStats(ctx))
  .press('stats', (ctx) => openStats(ctx))
  .command('analytics', (ctx) => openChart(ctx))
  .press('analytics', (ctx) => openChart(ctx))
  .command('top', (ctx) => openTop(ctx))
  .press('top', (ctx) => openTop(ctx));

export const statisticsFeature: Feature = {
  name: 'admin statistics',
  composer: routes.composer,
  prefetches: [numbers, days, sources, top],
};

type Incoming = BotContext['incoming'];

/** What picture an update asks for; unknown buttons ask for the first. */
function chartOf(incoming: Incoming): { readonly metric: number; readonly days: number } | undefined {
  if (incoming.kind === 'command' && incoming.name === 'analytics') return { metric: 0, days: 30 };
  const action = pressed(incoming, 'analytics');
  if (action === undefined) return undefined;
  return {
    metric: METRICS[action.metric] === undefined ? 0 : action.metric,
    days: SPANS.find((span) => span === action.days) ?? 30,
  };
}

function topOf(incoming: Incoming): number | undefined {
  if (incoming.kind === 'command' && incoming.name === 'top') return 30;
  const action = pressed(incoming, 'top');
  return action === undefined ? undefined : (TOP_SPANS.find((span) => span === action.days) ?? 30);
}

async function openStats(ctx: BotContext): Promise<void> {
  const found = ctx.turn.got(numbers);
  if (found === undefined) return;
  const { numbers: texts, system } = ctx.t.admin;
  const keyboard = new InlineKeyboard()
    .text(texts.charts(), encodeAction({ kind: 'analytics', metric: 0, days: 30 }))
    .text(texts.top(), encodeAction({ kind: 'top', days: 30 }))
    .row()
    .text(system.panel(), encodeAction({ kind: 'panel' }));
  await Promise.all([ctx.answerPress(), show(ctx, { text: texts.stats(found), keyboard })]);
}

/** One picture a message; another metric or span takes its place. */
async function openChart(ctx: BotContext): Promise<void> {
  const wanted = chartOf(ctx.incoming);
  const found = ctx.turn.got(days);
  if (wanted === undefined || found === undefined) return;
  const metric = METRICS[wanted.metric] ?? 'views';
  const png = new InputFile(barChart(found.map(barOf)), `${metric}.png`);
  const caption = captionOf(metric, found, ctx.turn.got(sources) ?? [], ctx.t);
  const markup = { reply_markup: chartKeyboard(wanted, ctx.t) };
  const options = { caption, parse_mode: 'HTML' as const };
  const hasPicture = ctx.callbackQuery?.message?.photo !== undefined;
  await ctx.answerPress();
  try {
    if (hasPicture) await ctx.editMessageMedia({ type: 'photo', media: png, ...options }, markup);
    else await ctx.replyWithPhoto(png, { ...options, ...markup });
  } catch (error) {
    if (!isFileRefused(error)) throw error;
    ctx.services.log.warn('chart refused', { error: error.description });
    await ctx.reply(caption, { parse_mode: 'HTML', ...markup });
  }
}

function barOf({ period, value }: Counted): { label: string; value: number } {
  return { label: period.slice(5), value };
}

function captionOf(
  metric: (typeof METRICS)[number],
  found: readonly Counted[],
  from: readonly Counted[],
  t: Texts,
): string {
  const best = found.reduce((a, b) => (b.value > a.value ? b : a), { period: '', value: 0 });
  const summary = {
    total: found.reduce((sum, { value }) => sum + value, 0),
    best: best.value,
    bestDay: best.period === '' ? '—' : barOf(best).label,
    today: found.at(-1)?.value ?? 0,
  };
  const named = from.map(({ period, value }) => ({ name: cutText(period, 64).text, value }));
  return t.admin.numbers.chart(metric, found.length, summary, named).markup;
}

function chartKeyboard(wanted: { readonly metric: number; readonly days: number }, t: Texts): InlineKeyboard {
  const { numbers: texts, system } = t.admin;
  const keyboard = new InlineKeyboard();
  for (const [i, metric] of METRICS.entries())
    keyboard.text(
      `${i === wanted.metric ? '• ' : ''}${texts.metric[metric]}`,
      encodeAction({ kind: 'analytics', metric: i, days: wanted.days }),
    );
  keyboard.row();
  for (const span of SPANS)
    keyboard.text(
      `${span === wanted.days ? '• ' : ''}${texts.days(span)}`,
      encodeAction({ kind: 'analytics', metric: wanted.metric, days: span }),
    );
  return keyboard.row().text(system.panel(), encodeAction({ kind: 'panel' }));
}

async function openTop(ctx: BotContext): Promise<void> {
  const span = topOf(ctx.incoming);
  const found = ctx.turn.got(top);
  if (span === undefined || found === undefined) return;
  await Promise.all([ctx.answerPress(), show(ctx, topScreen(span, found, ctx.t))]);
}

function topScreen(span: number, found: readonly TopAnime[], t: Texts): Screen {
  const { numbers: texts, system } = t.admin;
  const keyboard = new InlineKeyboard();
  for (const other of TOP_SPANS)
    keyboard.text(
      `${other === span ? '• ' : ''}${other === 0 ? texts.allTime() : texts.days(other)}`,
      encodeAction({ kind: 'top', days: other }),
    );
  keyboard.row().text(system.panel(), encodeAction({ kind: 'panel' }));
  const named = found.map(({ code, title, views }) => ({
    name: `${cutText(title ?? t.viewer.untitled(code), 60).text} (${code})`,
    value: views,
  }));
  return { text: texts.topAnime(span, named), keyboard };
}
