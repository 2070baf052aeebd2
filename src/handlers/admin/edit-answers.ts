/** What an answer changes in an anime, or why it changes nothing: pure. */
import type { Message } from 'grammy/types';
import { normaliseDigits } from '../../bot/incoming.ts';
import type { AnimeChange } from '../../db/catalogue.ts';
import type { Texts } from '../../locales/index.ts';
import type { Html } from '../../text/html.ts';
import { cut, TEXT_LIMITS } from '../../text/text-limits.ts';
import { oneLine } from './lines.ts';
import { photoOfMessage } from './part-files.ts';

type Answer = { readonly change: AnimeChange } | { readonly problem: Html };

/** @param message never a command */
export function changeFrom(
  field: 'title' | 'description' | 'photo' | 'genres' | 'year' | 'aliases',
  message: Message,
  t: Texts,
): Answer {
  const { catalogue } = t.admin;
  const photo = photoOfMessage(message);
  const text = (message.text ?? '').trim();
  switch (field) {
    case 'photo':
      return photo === undefined ? { problem: catalogue.wantsPhoto() } : { change: { photo } };
    case 'description': {
      const description = photo === undefined ? text : (message.caption ?? '').trim();
      if (description === '') return { problem: catalogue.wantsText() };
      return { change: { description, ...(photo === undefined ? {} : { photo }) } };
    }
    case 'title':
      return text === ''
        ? { problem: catalogue.wantsText() }
        : { change: { title: oneLine(text, TEXT_LIMITS.title) } };
    case 'genres':
      if (text === '') return { problem: catalogue.wantsText() };
      return { change: { genres: text === '-' ? null : oneLine(text, TEXT_LIMITS.genres) } };
    case 'aliases':
      if (text === '') return { problem: catalogue.wantsText() };
      return { change: { aliases: text === '-' ? null : cut(text, TEXT_LIMITS.aliases) } };
    case 'year': {
      if (text === '-') return { change: { year: null } };
      const year = Number(normaliseDigits(text));
      const isYear = Number.isInteger(year) && year >= 1900 && year <= 2100;
      return isYear ? { change: { year } } : { problem: catalogue.wantsYear() };
    }
  }
}
