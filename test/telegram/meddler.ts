/**
 * What befalls the bot besides Telegram's bad hours: kills, a lost webhook, a rival with its token,
 * groups that move, rights that go.
 */
import { createApi } from '../../src/bot/telegram.ts';
import type { Ground } from './hour-hosts.ts';
import type { Scene } from './hour-scene.ts';
import type { Run } from './hour-simulation.ts';
import { between, chance, pick, type Random, type Weather } from './weather.ts';

interface Meddling {
  readonly run: Run;
  readonly ground: Ground;
  readonly scene: Scene;
  readonly random: Random;
  readonly weather: Weather;
}

/** One thing after another until the hour is over. */
export async function meddle(m: Meddling): Promise<void> {
  const { run, ground, random } = m;
  void killNowAndThen(m);
  const deeds = [demote, upgrade, closeChat, ...(isPolling(ground) ? [rival] : [takeWebhook, cutOff])];
  while (!run.isOver) {
    await ground.time.sleep(between(random, 60, 400) * 1000);
    if (run.isOver) return;
    run.deeds += 1;
    await pick(random, deeds)(m);
  }
}

function isPolling({ mode }: Ground): boolean {
  return mode === 'node polling';
}

async function killNowAndThen(m: Meddling): Promise<void> {
  while (!m.run.isOver) {
    await m.ground.time.sleep(between(m.random, 120, 900) * 1000);
    if (!m.run.isOver) await kill(m);
  }
}

/** At any of its next calls, before it or after it; another one starts some time later. */
async function kill({ run, ground, random }: Meddling): Promise<void> {
  const { time, mode } = ground;
  const dying = run.program;
  if (dying === undefined) return;
  dying.process.dieAt(between(random, 1, 200), chance(random, 0.5));
  await Promise.race([dying.process.death, time.sleep(120_000)]);
  dying.process.kill();
  // A Worker's next request finds a new isolate.
  await time.sleep(mode === 'worker webhook' ? 1 : between(random, 1, 150) * 1000);
  run.start();
  run.tell('a program starts');
}

/** The bot is no administrator in a chat for a while. */
async function demote({ run, ground, scene, random }: Meddling): Promise<void> {
  const room = pick(random, [scene.club, scene.channel]);
  run.tell(`the bot loses ${room.title}`);
  await room.demoteBot();
  await ground.time.sleep(between(random, 30, 300) * 1000);
  await room.promoteBot();
  run.tell(`the bot is an administrator of ${room.title} again`);
}

async function upgrade({ run, scene }: Meddling): Promise<void> {
  if (scene.group.state.kind !== 'group') return;
  scene.group = await scene.group.upgrade();
  run.tell('the group becomes a supergroup');
}

async function closeChat({ run, ground, scene, random }: Meddling): Promise<void> {
  const { group } = scene;
  group.close(...pick(random, [['writing'], ['photos'], ['topic']] as const));
  run.tell('the group is closed to the bot');
  await ground.time.sleep(between(random, 30, 300) * 1000);
  group.close();
}

/** Another program with the same token polls for a while. */
async function rival({ run, ground, random }: Meddling): Promise<void> {
  const { telegram, time } = ground;
  const api = createApi({ token: telegram.token, apiRoot: telegram.apiRoot, fetch: telegram.fetch as never });
  run.tell('a rival polls with the same token');
  for (let i = between(random, 1, 8); i > 0; i -= 1) {
    await api.getUpdates({ timeout: 0 }).catch(() => undefined);
    await time.sleep(between(random, 1, 20) * 1000);
  }
}

/** Somebody removes the webhook, or sets another one for a while. */
async function takeWebhook({ run, ground, random }: Meddling): Promise<void> {
  const { telegram, time } = ground;
  const api = createApi({ token: telegram.token, apiRoot: telegram.apiRoot, fetch: telegram.fetch as never });
  const until = async (work: () => Promise<unknown>): Promise<void> => {
    while (
      !(await work().then(
        () => true,
        () => false,
      ))
    )
      await time.sleep(1_000);
  };
  if (chance(random, 0.5)) {
    run.tell('somebody removes the webhook');
    return until(() => api.deleteWebhook());
  }
  run.tell('somebody takes the webhook');
  await until(() => api.setWebhook('https://other.example.org/hook'));
  await time.sleep(between(random, 60, 600) * 1000);
  run.tell('and removes it again');
  await until(() => api.deleteWebhook());
}

/** Telegram cannot reach the bot; the bot reaches Telegram. */
async function cutOff({ run, ground, random }: Meddling): Promise<void> {
  run.tell('Telegram cannot reach the bot');
  run.isUnreachable = true;
  await ground.time.sleep(between(random, 30, 600) * 1000);
  run.isUnreachable = false;
  run.tell('Telegram reaches the bot again');
}
