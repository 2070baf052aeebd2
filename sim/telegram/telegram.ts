import type { UserFromGetMe } from 'grammy/types';
import type { ApiCall } from './api.ts';
import type { FaultRule, Script } from './call-faults.ts';
import type { DeliverOptions, DeliveryReport, UpdateHandler } from './delivery.ts';
import type { FileKind, StoredFile } from './files.ts';
import type { ApiFetch } from './in-process-api.ts';
import type { PersonOptions, RoomOptions } from './openings.ts';
import type { Person } from './person.ts';
import type { Receiver } from './receiver.ts';
import type { Room } from './room.ts';
import type { WorldKeeper } from './saved-world.ts';

export interface TelegramOptions {
  /** Default 0: any free port of 127.0.0.1. */
  port?: number;
  token?: string;
  clock?: () => Date;
  botUsername?: string;
  /** Enforces Telegram's flood limits on the given clock. Default off. */
  limits?: boolean;
  /** Keeps people, chats, files and updates over restarts. */
  keeper?: WorldKeeper;
  /** Waits between redeliveries; absent: retries come at once. */
  sleep?: (ms: number) => Promise<void>;
  /** Carries updates to the webhook; absent: over the network. */
  fetch?: typeof fetch;
  /**
   * Another bot at the same Telegram: the same people, supergroups, channels and files, with file
   * ids, private chats, limits and an address of its own.
   */
  beside?: Telegram;
}

/** A strict stand-in for Telegram: the Bot API server, and people and chats. See README.md. */
export interface Telegram {
  /** For grammY's `client.apiRoot`. */
  readonly apiRoot: string;
  readonly token: string;
  readonly botInfo: UserFromGetMe;
  /** Calls of the bot, oldest first, without getUpdates. */
  readonly calls: ApiCall[];
  /** Updates the bot has confirmed, oldest first. */
  readonly delivered: Receiver['delivered'];
  readonly people: Person[];
  readonly rooms: Room[];
  /** With the id of somebody whom another bot knows: the same person, here. */
  person(options?: PersonOptions): Person;
  /** A supergroup; `basic: true` makes a basic group. */
  group(options?: RoomOptions & { basic?: boolean }): Room;
  channel(options?: RoomOptions): Room;
  /** Calls of one method, to be counted. */
  callsOf(method: string): ApiCall[];
  /** Empties the call log. */
  forgetCalls(): void;
  /** Makes calls fail as told; the first rule that matches a call decides. */
  script(rule: FaultRule): Script;
  /** Hands updates to a function instead of a webhook; a throw is a failed delivery. */
  connect(handler: UpdateHandler | undefined): void;
  /** Resolves when the bot has begun to poll; from then on people's actions wait for it. */
  polling(): Promise<void>;
  /** Answers the bot's calls without the network. */
  readonly fetch: ApiFetch;
  /** From now on delivers by itself, with Telegram's pauses; people no longer wait for the bot. */
  serve(): void;
  /** Delivers what is pending; people's actions do it by themselves. */
  deliver(options?: DeliverOptions): Promise<DeliveryReport>;
  /** Keeps updates back while `act` runs; deliver them afterwards, for example in parallel. */
  hold<T>(act: () => Promise<T>): Promise<T>;
  /** Sends the last confirmed updates again and gives the statuses. */
  redeliver(count?: number): Promise<number[]>;
  /** Takes the pending updates out, for a test that hands them to the bot itself. */
  takeUpdates(): Receiver['delivered'];
  /** A file id as another bot knows it, useless for this one. */
  foreignFileId(kind: FileKind): string;
  /** From now on Telegram refuses to send the file; a bot reads `words` behind "Bad Request: ". */
  spoilFile(fileId: string, words: string): void;
  /** Bans the bot, as Telegram does: every call is unauthorized from now on, no update comes. */
  ban(): void;
  /** A new token of the same bot, as BotFather gives it; the old one opens nothing any more. */
  renewToken(): string;
  /** A group or channel by id; throws when there is none. */
  room(id: number): Room;
  file(uniqueId: string): StoredFile | undefined;
  /** Updates not confirmed yet. */
  readonly pending: number;
  /** Where updates go; undefined without a webhook. */
  readonly webhookUrl: string | undefined;
  /** Answers all outside the Bot API and `/control/` on this port, as the playground does. */
  mount(handler: (request: Request) => Promise<Response>): void;
  close(): Promise<void>;
}
