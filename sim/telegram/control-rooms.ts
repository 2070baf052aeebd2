import type { Context, Hono } from 'hono';
import { ActRefused } from './api-errors.ts';
import type { Room } from './room.ts';
import type { Telegram } from './telegram.ts';

/** Membership of chats over HTTP. */
export function roomActions(app: Hono, telegram: Telegram): void {
  const act = (path: string, run: (room: Room, c: Context) => Promise<unknown>): void => {
    app.post(`/rooms/:room/${path}`, async (c) => {
      const result = await run(telegram.room(Number(c.req.param('room'))), c);
      return c.json({ result: typeof result === 'string' ? result : undefined });
    });
  };
  const person = async (c: Context): Promise<Telegram['people'][number]> => {
    const { person: id } = await c.req.json<{ person: number }>();
    const found = telegram.people.find((one) => one.id === id);
    if (found === undefined) throw new Error(`there is no person ${id}`);
    return found;
  };
  act('join', async (room, c) => room.join(await person(c)));
  act('leave', async (room, c) => room.leave(await person(c)));
  /** Somebody of the chat, where the request names one; else its owner. */
  const manager = async (room: Room, c: Context): Promise<Telegram['people'][number] | undefined> => {
    const { person: id } = await c.req.json<{ person?: number }>();
    if (id === undefined) return undefined;
    const by = await person(c);
    if (!by.mayManage(room))
      throw new ActRefused('no-rights', `${by.user.first_name} may not manage ${room.title}`);
    return by;
  };
  act('promote-bot', async (room, c) => room.promoteBot({}, await manager(room, c)));
  act('remove-bot', async (room, c) => room.removeBot(await manager(room, c)));
}
