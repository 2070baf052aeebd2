import type { User } from 'grammy/types';
import { announce, type Place, type Stage } from './actor.ts';
import { isObject, type JsonObject, stringField } from './args.ts';
import type { StoredFile } from './files.ts';
import { inlineMarkup } from './markup.ts';
import { type InlineAnswer, inlineText } from './methods/query-methods.ts';
import type { Content } from './state.ts';
import { type SeenMessage, see } from './view.ts';

/** Fields of inline results that hold a cached file's id. */
const FILE_FIELDS = {
  photo_file_id: 'photo',
  video_file_id: 'video',
  document_file_id: 'document',
  mpeg4_file_id: 'animation',
} as const;

/** Inline mode from a person's side. */
export class InlineUse {
  protected readonly stage: Stage;
  readonly #user: User;

  constructor(stage: Stage, user: User) {
    this.stage = stage;
    this.#user = user;
  }

  /** Types `@bot query` and gives what the bot offers: undefined when it did not answer. */
  async inline(query: string, offset = ''): Promise<InlineAnswer | undefined> {
    const { world, receiver } = this.stage;
    if (query.length > 256) throw new Error(`an inline query of ${query.length} units: the apps stop at 256`);
    const id = String(5_500_000_000_000_000n + BigInt(world.unique()));
    world.inlineQueries.set(id, {
      userId: this.#user.id,
      at: world.clock().getTime(),
      answer: undefined,
      isAnswered: false,
    });
    world.emit({ inline_query: { id, from: this.#user, query, offset, chat_type: 'sender' } });
    await receiver.deliverPending();
    return world.inlineQueries.get(id)?.answer as InlineAnswer | undefined;
  }

  /** Picks a result: its message appears in the chat, and the bot hears of the choice. */
  async chooseInline(result: JsonObject, query: string, room: Place): Promise<SeenMessage> {
    const { world, receiver } = this.stage;
    const markup = inlineMarkup(result['reply_markup'], room.state.kind);
    const inlineId = `AQAAinline${world.unique()}`;
    const message = world.store({
      chat: room.state,
      content: this.#content(result),
      authorId: this.#user.id,
      from: room.state.kind === 'channel' ? undefined : this.#user,
      viaBot: true,
      markup,
      inlineId,
    });
    announce(this.stage, message);
    world.emit({
      chosen_inline_result: {
        result_id: stringField(result, 'id') ?? '',
        from: this.#user,
        query,
        // The id comes only with a keyboard to edit (Bot API, ChosenInlineResult).
        ...(markup ? { inline_message_id: inlineId } : {}),
      },
    });
    await receiver.deliverPending();
    return see(world, message);
  }

  #content(result: JsonObject): Content {
    const text = inlineText(result) ?? { text: '', entities: [] };
    if (isObject(result['input_message_content'])) return { kind: 'text', ...text };
    for (const [field, kind] of Object.entries(FILE_FIELDS)) {
      const fileId = stringField(result, field);
      if (fileId === undefined) continue;
      const file: StoredFile = this.stage.world.files.byId(fileId);
      return { kind, file, ...text };
    }
    throw new Error(`inline result ${String(result['id'])} sends nothing`);
  }
}
