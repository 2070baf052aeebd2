/** Every step of a draft as a screen: a pure function of it, so a restart changes nothing. */
import type { Action } from '../../bot/callback-data.ts';
import { Keyboard } from '../../bot/keyboard.ts';
import type { Screen } from '../../bot/show.ts';
import type { AnimeCard } from '../../db/anime.ts';
import { type Draft, STEPS, type Step } from '../../db/read-drafts.ts';
import type { Texts } from '../../locales/index.ts';
import { cutText, type Html, html } from '../../text/html.ts';
import { TITLE_LIMIT, titleFrom } from '../../text/search-text.ts';
import { cardMessage } from './card-message.ts';

/** @param note said above the step, when something has to be said */
export function draftScreen(draft: Draft, t: Texts, note?: Html): Screen {
  const taken = note === undefined ? 0 : note.length + 2;
  const screen = draft.isOpen ? stepScreen(draft, t, taken) : waitingScreen(draft, t);
  return note === undefined ? screen : { ...screen, text: html`${note}\n\n${screen.text}` };
}

/** The title a draft goes by: given, else the first line of its description. */
export function draftTitle(draft: Pick<Draft, 'title' | 'description' | 'anime'>, t: Texts): string {
  if (draft.anime !== undefined)
    return cutText(draft.anime.title ?? t.viewer.untitled(draft.anime.code), TITLE_LIMIT).text;
  return titleFrom(draft.title, draft.description) ?? t.admin.draft.untitled();
}

function stepScreen(draft: Draft, t: Texts, taken: number): Screen {
  if (draft.kind === 'parts') return morePartsScreen(draft, t);
  switch (draft.step) {
    case 'description':
      return {
        text:
          draft.description === null
            ? t.admin.draft.askDescription(draft.parts)
            : t.admin.draft.askNewDescription(),
        keyboard: pauseButton(new Keyboard(), draft, t),
      };
    case 'parts':
      return partsScreen(draft, t);
    case 'code':
      return {
        text: t.admin.draft.askCode(),
        keyboard: pauseButton(
          new Keyboard().last(t.admin.draft.takeCode(draft.freeCode), {
            kind: 'draftCode',
            draft: draft.id,
            version: draft.version,
            code: draft.freeCode,
          }),
          draft,
          t,
        ),
      };
    case 'groups':
      return groupsScreen(draft, t);
    case 'preview':
      return previewScreen(draft, t, taken);
    case 'title':
      return { text: t.admin.draft.askTitle(), keyboard: pauseButton(new Keyboard(), draft, t) };
    case 'photo':
      return { text: t.admin.draft.askPhoto(), keyboard: pauseButton(new Keyboard(), draft, t) };
    case 'number':
      return morePartsScreen(draft, t);
  }
}

function partsScreen(draft: Draft, t: Texts): Screen {
  const { draft: texts } = t.admin;
  const title = draftTitle(draft, t);
  const keyboard = new Keyboard().button(
    draft.parts === 0 ? texts.withoutParts() : texts.finish(draft.parts),
    { kind: 'draftDone', draft: draft.id, version: draft.version },
  );
  if (draft.parts > 0) keyboard.row().button(texts.undoLast(), { kind: 'draftUndo', draft: draft.id });
  return {
    text: draft.parts === 0 ? texts.askParts(title) : texts.partsSoFar(title, draft.parts, draft.repeated),
    keyboard: pauseButton(keyboard.row(), draft, t),
  };
}

function morePartsScreen(draft: Draft, t: Texts): Screen {
  const { draft: texts } = t.admin;
  const title = draftTitle(draft, t);
  const first = draft.firstNumber ?? 1;
  const keyboard = new Keyboard();
  if (draft.parts > 0)
    keyboard
      .last(texts.saveParts(draft.parts), { kind: 'draftDone', draft: draft.id, version: draft.version })
      .last(texts.undoLast(), { kind: 'draftUndo', draft: draft.id });
  keyboard.last(texts.changeNumber(), {
    kind: 'draftStep',
    draft: draft.id,
    version: draft.version,
    step: STEPS.indexOf('number'),
  });
  const isAskingNumber = draft.step === 'number';
  return {
    text: isAskingNumber
      ? texts.askNumber()
      : draft.parts === 0
        ? texts.askMoreParts(title, first)
        : texts.morePartsSoFar(title, first, first + draft.parts - 1, draft.repeated),
    keyboard: pauseButton(isAskingNumber ? new Keyboard() : keyboard, draft, t),
  };
}

function groupsScreen(draft: Draft, t: Texts): Screen {
  const { draft: texts, chats } = t.admin;
  const keyboard = new Keyboard();
  for (const group of draft.groups.slice(0, 80))
    keyboard.last(`${group.isChosen ? '✅' : '▫️'} ${cutText(group.name, 40).text}`, {
      kind: 'draftGroup',
      draft: draft.id,
      group: group.id,
      on: group.isChosen ? 0 : 1,
    });
  keyboard.last(texts.goOn(), { kind: 'draftGroupsDone', draft: draft.id, version: draft.version });
  if (draft.groups.length === 0) keyboard.last(chats.addGroup(), { kind: 'groupAdd' });
  return {
    text: draft.groups.length === 0 ? texts.noGroups() : texts.askGroups(),
    keyboard: pauseButton(keyboard, draft, t),
  };
}

/** The card as viewers will see it, and what can be changed. A note takes some caption room. */
function previewScreen(draft: Draft, t: Texts, taken: number): Screen {
  const { draft: texts } = t.admin;
  const to = (step: Step): Action => ({
    kind: 'draftStep',
    draft: draft.id,
    version: draft.version,
    step: STEPS.indexOf(step),
  });
  const { text, photoId } = cardMessage(draftCard(draft, t), t, { reserved: taken });
  const keyboard = new Keyboard()
    .last(texts.publish(), { kind: 'draftPublish', draft: draft.id, version: draft.version })
    .button(texts.changeTitle(), to('title'))
    .button(texts.changeDescription(), to('description'))
    .last(texts.changePhoto(), to('photo'))
    .button(texts.changeParts(draft.parts), to('parts'))
    .last(texts.changeCode(draft.code ?? 0), to('code'))
    .last(texts.changeGroups(draft.groups.filter((group) => group.isChosen).length), to('groups'));
  return {
    text,
    keyboard: pauseButton(keyboard, draft, t),
    ...(photoId === null
      ? {}
      : { media: { kind: 'photo', fileId: photoId, at: draft.photoAt }, onRefused: () => {} }),
  };
}

function draftCard(draft: Draft, t: Texts): AnimeCard {
  return {
    id: 0,
    code: draft.code ?? 0,
    title: draftTitle(draft, t),
    description: draft.description,
    photoId: draft.photoId,
    photoAt: draft.photoAt,
    parts: draft.parts,
    year: null,
    genres: null,
    views: 0,
    isFavourite: false,
    isFollowed: false,
    watched: null,
    next: null,
  };
}

function waitingScreen(draft: Draft, t: Texts): Screen {
  const { draft: texts } = t.admin;
  return {
    text: texts.waiting(draftTitle(draft, t), draft.parts),
    keyboard: resumeButtons(draft.id, t),
  };
}

export function resumeButtons(draftId: number, t: Texts): Keyboard {
  return new Keyboard()
    .button(t.admin.draft.resume(), { kind: 'draftOpen', draft: draftId })
    .button(t.admin.draft.drop(), { kind: 'draftDrop', draft: draftId, sure: 0 });
}

function pauseButton(keyboard: Keyboard, draft: Draft, t: Texts): Keyboard {
  return keyboard.button(t.admin.draft.pause(), { kind: 'draftPause', draft: draft.id });
}
