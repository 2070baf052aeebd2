/**
 * What the bot is compared with: bare grammY and Hono, one read batch, one write batch, one answer,
 * on the bot's own tables. It keeps none of the bot's promises.
 */
import type { Client } from '@libsql/client';
import { Bot, InlineKeyboard, webhookCallback } from 'grammy';
import type { UserFromGetMe } from 'grammy/types';
import { Hono } from 'hono';

export interface BareSettings {
  readonly BOT_TOKEN: string;
  readonly BOT_INFO: string;
  readonly TELEGRAM_API_ROOT: string;
  readonly WEBHOOK_SECRET: string;
}

export function bareBot(settings: BareSettings, db: Client): Hono {
  const bot = new Bot(settings.BOT_TOKEN, {
    botInfo: JSON.parse(settings.BOT_INFO) as UserFromGetMe,
    client: { apiRoot: settings.TELEGRAM_API_ROOT },
  });
  bot.on('message:text', async (ctx) => {
    const found = await read(db, ctx.from.id, Number(ctx.message.text));
    const keyboard = new InlineKeyboard().text('▶️ Tomosha qilish', `p${found.id}`).row();
    keyboard
      .text('🔔 Kuzatish', `f${found.id}`)
      .text('⭐️ Saqlash', `s${found.id}`)
      .row()
      .text('🏠 Menyu', 'm');
    await ctx.reply(`<b>${found.title}</b>\n\n${found.description}`, {
      parse_mode: 'HTML',
      reply_markup: keyboard,
      link_preview_options: { is_disabled: true },
    });
    await write(db, ctx.update.update_id, ctx.from.id, ctx.from.first_name);
  });
  return new Hono().post('/webhook', webhookCallback(bot, 'hono', { secretToken: settings.WEBHOOK_SECRET }));
}

async function read(
  db: Client,
  userId: number,
  code: number,
): Promise<{ readonly id: string; readonly title: string; readonly description: string }> {
  const [, anime] = await db.batch(
    [
      { sql: 'SELECT * FROM users WHERE user_id = ?', args: [userId] },
      {
        sql: `SELECT a.id, a.title, a.description, (SELECT COUNT(*) FROM anime_parts AS p
              WHERE p.anime_code = a.code) AS parts FROM anime AS a WHERE a.code = ?`,
        args: [code],
      },
    ],
    'read',
  );
  const row = anime?.rows[0];
  return {
    id: String(row?.['id']),
    title: String(row?.['title']),
    description: String(row?.['description']),
  };
}

async function write(db: Client, updateId: number, userId: number, name: string): Promise<void> {
  const now = new Date().toISOString();
  await db.batch(
    [
      { sql: 'INSERT INTO handled_updates (update_id, handled_at) VALUES (?, ?)', args: [updateId, now] },
      {
        sql: `INSERT INTO users (user_id, first_name, created_at) VALUES (?, ?, ?)
              ON CONFLICT (user_id) DO UPDATE SET first_name = excluded.first_name`,
        args: [userId, name, now],
      },
    ],
    'write',
  );
}
