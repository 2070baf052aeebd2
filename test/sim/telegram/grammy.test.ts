import { Bot, GrammyError, InlineKeyboard, InputFile, InputMediaBuilder } from 'grammy';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTelegram } from '../../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../../sim/telegram/telegram.ts';

let telegram: Telegram;
let bot: Bot;

beforeEach(async () => {
  telegram = await startTelegram();
  bot = new Bot(telegram.token, { botInfo: telegram.botInfo, client: { apiRoot: telegram.apiRoot } });
  telegram.connect((update) => bot.handleUpdate(update));
});
afterEach(async () => {
  await telegram.close();
});

describe('grammY against the stand-in', () => {
  it('answers a command with formatted text and buttons, edits on a press', async () => {
    bot.command('start', async (ctx) => {
      const reply_markup = new InlineKeyboard().text('Next', 'n:2').url('Site', 'https://example.com');
      await ctx.reply('<b>Hello</b> &amp; welcome', { parse_mode: 'HTML', reply_markup });
    });
    bot.callbackQuery('n:2', async (ctx) => {
      await ctx.editMessageText('page 2');
      await ctx.answerCallbackQuery({ text: 'done' });
    });
    const viewer = telegram.person({ firstName: 'Ali', languageCode: 'uz' });
    await viewer.start();
    const card = viewer.lastMessage();
    expect(card).toMatchObject({ text: 'Hello & welcome', html: '<b>Hello</b> &amp; welcome', edits: 0 });
    expect(card.keyboard).toEqual([
      [
        { text: 'Next', data: 'n:2' },
        { text: 'Site', url: 'https://example.com' },
      ],
    ]);
    expect(await viewer.press(card, 'Next')).toEqual({ text: 'done', isAlert: false, url: undefined });
    expect(viewer.lastMessage()).toMatchObject({ id: card.id, text: 'page 2', keyboard: [], edits: 1 });
    expect(viewer.messages().map(({ text }) => text)).toEqual(['/start', 'page 2']);
  });

  it('uploads, sends again by file id, and lets people read documents back', async () => {
    const viewer = telegram.person();
    await viewer.start();
    const bytes = Buffer.from('{"anime":[]}');
    const sent = await bot.api.sendDocument(viewer.id, new InputFile(bytes, 'export.json'), {
      caption: 'export',
    });
    expect(viewer.lastMessage().document).toMatchObject({ name: 'export.json', size: bytes.length });
    expect(Buffer.from(viewer.lastMessage().document?.bytes ?? [])).toEqual(bytes);
    await bot.api.sendDocument(viewer.id, sent.document.file_id);
    expect(viewer.lastMessage().document?.uniqueId).toBe(sent.document.file_unique_id);
  });

  it('downloads what a person sent', async () => {
    const bytes = Buffer.from('SQLite format 3\0');
    let got: Buffer | undefined;
    bot.on('message:document', async (ctx) => {
      const file = await ctx.getFile();
      const response = await fetch(`${telegram.apiRoot}/file/bot${telegram.token}/${file.file_path}`);
      got = Buffer.from(await response.arrayBuffer());
    });
    const admin = telegram.person();
    await admin.send({ document: { name: 'old.db', bytes } });
    expect(got).toEqual(bytes);
  });

  it('swaps a video in place', async () => {
    const viewer = telegram.person();
    const [one, two] = [await viewer.send({ video: 'one.mp4' }), await viewer.send({ video: 'two.mp4' })];
    const player = await bot.api.sendVideo(viewer.id, one.file?.fileId ?? '', { caption: '1' });
    const media = InputMediaBuilder.video(two.file?.fileId ?? '', { caption: '2' });
    await bot.api.editMessageMedia(viewer.id, player.message_id, media);
    expect(viewer.lastMessage()).toMatchObject({
      id: player.message_id,
      caption: '2',
      file: { uniqueId: two.file?.uniqueId },
    });
  });

  it('shows refusals as GrammyError with the description', async () => {
    const error: unknown = await bot.api.sendMessage(42, 'hi').catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(GrammyError);
    expect(error).toMatchObject({ error_code: 400, description: 'Bad Request: chat not found' });
  });

  it('works with long polling', async () => {
    telegram.connect(undefined);
    const polling = new Bot(telegram.token, { client: { apiRoot: telegram.apiRoot } });
    polling.on('message:text', (ctx) => ctx.reply(`echo ${ctx.message.text}`));
    const stopped = polling.start({ allowed_updates: ['message'] });
    await telegram.polling();
    const viewer = telegram.person();
    await viewer.send('one');
    await viewer.send('two');
    expect(viewer.messages().map(({ text }) => text)).toEqual(['one', 'echo one', 'two', 'echo two']);
    await polling.stop();
    await stopped;
  });
});
