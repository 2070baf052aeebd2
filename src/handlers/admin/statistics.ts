/** /stats, /analytics, /top: true numbers, as a picture where that is easier to take in. */

import { InputFile } from 'grammy';
import type { BotContext } from '../../bot/context.ts';
import { type ActionOf, feature } from '../../bot/feature.ts';
import { isFileRefused } from '../../bot/file-trouble.ts';
import { Keyboard } from '../../bot/keyboard.ts';
import type { Screen } from '../../bot/show.ts';
import { barChart } from '../../charts/bar-chart.ts';
import {
  type Counted,
  perDay,
  type TopAnime,
  type Totals,
  topAnime,
  topSources,
  totals,
} from '../../db/statistics.ts';
import type { Texts } from '../../locales/index.ts';
import { cutText } from '../../text/html.ts';
import { DAY_MS } from '../../text/times.ts';

/** In the order of the buttons' `metric`; never reorder. */
const METRICS = ['views', 'new', 'day'] as const;
const SPANS = [7, 30, 90] as const;
const TOP_SPANS = [7, 30, 0] as const;
const TOP = 15;
const SOURCES = 5;

export const statisticsFeature = feature('admins')
  .on('stats', async (ctx) => {
    // Counted with this visit, as on the panel.
    const [found] = await ctx.turn.commit(totals(ctx.now));
    return statsScreen(found, ctx);
  })
  .on('analytics', async (ctx, action) => {
    const chart = chartOf(action);
    const { metric, days } = chart;
    const [found, sources] = await ctx.turn.commit(
      perDay(METRICS[metric], ctx.now, days),
      // Only newcomers came from somewhere.
      topSources(metric === 1 ? SOURCES : 0),
    );
    await sendChart(ctx, chart, found, sources);
  })
  .on(
    'top',
    { reads: (action, { now }) => [topAnime(now, spanOf(action) || undefined, TOP)] },
    ({ t }, action, [found]) => topScreen(spanOf(action), found, t),
  );

interface Chart {
  /** Counts in {@link METRICS}. */
  readonly metric: 0 | 1 | 2;
  readonly days: number;
}

/** Unknown buttons ask for the first. */
function chartOf({ metric, days }: ActionOf<'analytics'>): Chart {
  return {
    metric: metric === 1 || metric === 2 ? metric : 0,
    days: SPANS.find((span) => span === days) ?? 30,
  };
}

/** 0: all time. */
function spanOf({ days }: ActionOf<'top'>): number {
  return TOP_SPANS.find((span) => span === days) ?? 30;
}

/** A day of the statistics is one of UTC, as all stored times are. */
function dayClock(ctx: BotContext): { readonly dayStart: string; readonly zone: string } {
  const midnight = new Date(Math.floor(ctx.now.getTime() / DAY_MS) * DAY_MS);
  return { dayStart: ctx.time(midnight).slice(11), zone: ctx.timeZone };
}

function statsScreen(found: Totals, ctx: BotContext): Screen {
  const { numbers: texts, system } = ctx.t.admin;
  const keyboard = new Keyboard()
    .button(texts.charts(), { kind: 'analytics', metric: 0, days: 30 })
    .last(texts.top(), { kind: 'top', days: 30 })
    .button(system.panel(), { kind: 'panel' });
  return { text: texts.stats(found, dayClock(ctx)), keyboard };
}

/** One picture a message; another metric or span takes its place. */
async function sendChart(
  ctx: BotContext,
  wanted: Chart,
  found: readonly Counted[],
  sources: readonly Counted[],
): Promise<void> {
  const metric = METRICS[wanted.metric];
  const png = new InputFile(barChart(found.map(barOf)), `${metric}.png`);
  const caption = captionOf(metric, found, sources, ctx);
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
  ctx: BotContext,
): string {
  const best = found.reduce((a, b) => (b.value > a.value ? b : a), { period: '', value: 0 });
  const summary = {
    total: found.reduce((sum, { value }) => sum + value, 0),
    best: best.value,
    bestDay: best.period === '' ? '—' : best.period,
    today: found.at(-1)?.value ?? 0,
  };
  const named = from.map(({ period, value }) => ({ name: cutText(period, 64).text, value }));
  return ctx.t.admin.numbers.chart(metric, found.length, summary, named, dayClock(ctx)).markup;
}

function chartKeyboard(wanted: Chart, t: Texts): Keyboard {
  const { numbers: texts, system } = t.admin;
  const keyboard = new Keyboard();
  for (const [i, metric] of METRICS.entries())
    keyboard.button(`${i === wanted.metric ? '• ' : ''}${texts.metric[metric]}`, {
      kind: 'analytics',
      metric: i,
      days: wanted.days,
    });
  keyboard.row();
  for (const span of SPANS)
    keyboard.button(`${span === wanted.days ? '• ' : ''}${texts.days(span)}`, {
      kind: 'analytics',
      metric: wanted.metric,
      days: span,
    });
  return keyboard.row().button(system.panel(), { kind: 'panel' });
}

function topScreen(span: number, found: readonly TopAnime[], t: Texts): Screen {
  const { numbers: texts, system } = t.admin;
  const keyboard = new Keyboard();
  for (const other of TOP_SPANS)
    keyboard.button(`${other === span ? '• ' : ''}${other === 0 ? texts.allTime() : texts.days(other)}`, {
      kind: 'top',
      days: other,
    });
  keyboard.row().button(system.panel(), { kind: 'panel' });
  const named = found.map(({ code, title, views }) => ({
    name: `${cutText(title ?? t.viewer.untitled(code), 60).text} · ${code}`,
    value: views,
  }));
  return { text: texts.topAnime(span, named), keyboard };
}
