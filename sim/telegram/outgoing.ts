import type { MessageEntity } from 'grammy/types';
import { ActRefused } from './api-errors.ts';
import { CAPTION_MAX, TEXT_MAX } from './api-limits.ts';
import type { NewFile, StoredFile } from './files.ts';
import { personText } from './formatted-text.ts';
import type { FormattedText } from './parse-html.ts';
import type { Content } from './state.ts';
import type { World } from './world.ts';

/** A person's file: `true` for any, a name, details with or without bytes, or one already sent. */
type FileInput = true | string | Omit<NewFile, 'kind'> | { uniqueId: string };

interface Captioned {
  caption?: string;
  entities?: MessageEntity[];
}

export type Media = Captioned &
  ({ photo: FileInput } | { video: FileInput } | { document: FileInput } | { animation: FileInput });

/** What a person can send: text (with entities if formatted) or one media. */
export type Outgoing = string | { text: string; entities?: MessageEntity[] } | Media;

/** What a person writes, as a message's content. Throws where the apps would refuse to send it. */
export function contentOf(world: World, outgoing: Outgoing): Content {
  if (typeof outgoing === 'string') return text(personText(outgoing));
  if ('text' in outgoing) return text(personText(outgoing.text, outgoing.entities));
  const caption = personText(outgoing.caption ?? '', outgoing.entities);
  if (caption.text.length > CAPTION_MAX)
    throw new ActRefused('too-long', `caption of ${caption.text.length} units: the apps stop at 1024`);
  if ('photo' in outgoing) return { kind: 'photo', file: fileOf(world, 'photo', outgoing.photo), ...caption };
  if ('video' in outgoing) return { kind: 'video', file: fileOf(world, 'video', outgoing.video), ...caption };
  if ('animation' in outgoing) {
    return { kind: 'animation', file: fileOf(world, 'animation', outgoing.animation), ...caption };
  }
  return { kind: 'document', file: fileOf(world, 'document', outgoing.document), ...caption };
}

function text(formatted: FormattedText): Content {
  if (formatted.text === '') throw new Error('an empty message cannot be sent');
  if (formatted.text.length > TEXT_MAX)
    throw new ActRefused('too-long', `text of ${formatted.text.length} units: the apps stop at 4096`);
  return { kind: 'text', ...formatted };
}

function fileOf(
  world: World,
  kind: 'photo' | 'video' | 'document' | 'animation',
  input: FileInput,
): StoredFile {
  if (input === true) return world.files.add({ kind });
  if (typeof input === 'string') return world.files.add({ kind, name: input });
  if ('uniqueId' in input) {
    const file = world.files.byUniqueId(input.uniqueId);
    if (file?.kind !== kind) throw new Error(`no ${kind} ${input.uniqueId} on telegram`);
    return file;
  }
  return world.files.add({ ...input, kind });
}
