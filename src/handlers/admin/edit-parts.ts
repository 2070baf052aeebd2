/** Replace, move, swap, delete parts. Buttons name a row: an old one never hits its neighbour. */
import type { Action } from '../../bot/callback-data.ts';
import { type AdminContext, feature } from '../../bot/feature.ts';
import { Keyboard } from '../../bot/keyboard.ts';
import { pageOf } from '../../bot/pagination.ts';
import type { Answer } from '../../bot/reply.ts';
import type { Screen } from '../../bot/show.ts';
import { type Ask, answered } from '../../db/admin-questions.ts';
import { wakeArchive } from '../../db/archive.ts';
import { captionsOutdated } from '../../db/archive-captions.ts';
import { auditIfChanged } from '../../db/audit-log.ts';
import { type CatalogueAnime, catalogueAnime } from '../../db/catalogue.ts';
import {
  type CataloguePart,
  cataloguePart,
  catalogueParts,
  deletePart,
  movePart,
  partAnime,
  partNumbered,
  replacePart,
  swapParts,
} from '../../db/catalogue-parts.ts';
import { hasChanged } from '../../db/database.ts';
import { PARTS_PER_PAGE } from '../../db/parts.ts';
import type { Texts } from '../../locales/index.ts';
import type { Html } from '../../text/html.ts';
import { asking, listButton, nameOf, putQuestion, unlessTrashed, withNote } from './edit-screens.ts';
import { partOfMessage } from './part-files.ts';

const PER_ROW = 5;
const HIGHEST_NUMBER = 100_000;

/** A part, and its anime, which is not in the trash. */
const one = {
  reads: ({ part }: { readonly part: number }) =>
    [cataloguePart(part), unlessTrashed(partAnime(part))] as const,
  gone: (t: Texts): string => t.admin.catalogue.partGone(),
};

export const editPartsFeature = feature('admins')
  .on(
    'editParts',
    {
      reads: ({ id, page }) => [catalogueAnime(id), catalogueParts(id, Math.max(0, page))],
      gone: (t) => t.admin.catalogue.gone(),
    },
    ({ t }, { page }, [anime, parts]) => partListScreen(anime, parts, page, t),
  )
  .on('editPart', one, ({ t }, _, [part, of]) => partScreen(part, of, t))
  .on('partReplace', one, (ctx, _, [part, of]) => {
    const text = ctx.t.admin.catalogue.askReplace(nameOf(of, ctx.t), part.number);
    return putQuestion(ctx, 'replace', text, { animeId: of.id, subject: part.id });
  })
  .on('partMove', one, (ctx, _, [part, of]) => {
    const text = ctx.t.admin.catalogue.askNumber(nameOf(of, ctx.t), part.number);
    return putQuestion(ctx, 'number', text, { animeId: of.id, subject: part.id });
  })
  .on('partMoveTo', one, (ctx, { to, swap }, [part, of]) =>
    moved(ctx, { part, of, to, statements: swap === 1 ? swapParts(part.id, to) : movePart(part.id, to) }),
  )
  .on('partDelete', one, ({ t }, _, [part, of]) => askDelete(part, of, t))
  .on('partDeleteNow', one, async (ctx, { id, part: row, renumber }, [part, of]) => {
    const { catalogue } = ctx.t.admin;
    const subject = `${of.code} ${nameOf(of, ctx.t)}: ${part.number}`;
    const [deleted] = await ctx.turn.commit(
      deletePart(id, row, renumber === 1),
      auditIfChanged(ctx.viewer.id, 'part-deleted', subject, ctx.now),
      captionsOutdated(of.id, ctx.now),
    );
    // Another admin was quicker.
    if (!hasChanged(deleted.at(-1))) return { alert: catalogue.partGone() };
    return { text: catalogue.partDeleted(part.number), keyboard: backToParts(of.id, ctx.t) };
  })
  .answer('replace', async (ctx, message, [{ subject, anime }]) => {
    const { catalogue } = ctx.t.admin;
    const file = partOfMessage(message);
    if (file === undefined) return asking(catalogue.wantsVideo(), ctx.t);
    const row = subject ?? 0;
    const named = anime === undefined ? String(row) : `${anime.code} ${nameOf(anime, ctx.t)}`;
    const [, , , part] = await ctx.turn.commit(
      answered(ctx.viewer.id),
      replacePart(row, file),
      auditIfChanged(ctx.viewer.id, 'part-replaced', named, ctx.now),
      cataloguePart(row),
      wakeArchive(),
    );
    return part === undefined || anime === undefined
      ? { text: catalogue.notSaved(), keyboard: listButton(ctx.t) }
      : withNote(catalogue.partReplaced(part.number), partScreen(part, anime, ctx.t));
  })
  .answer('number', (ctx, _, [asked]) => {
    const number = ctx.incoming.kind === 'code' ? ctx.incoming.code : null;
    return number === null || number > HIGHEST_NUMBER
      ? asking(ctx.t.admin.catalogue.wantsNumber(), ctx.t)
      : moveAsked(ctx, asked, number);
  });

/** A free number is taken at once; a taken one is asked about: change places, or make room. */
async function moveAsked(ctx: AdminContext, { anime: of, subject }: Ask, to: number): Promise<Answer> {
  const { catalogue, system } = ctx.t.admin;
  const [, part, there] = await ctx.turn.commit(
    answered(ctx.viewer.id),
    cataloguePart(subject ?? 0),
    partNumbered(of?.id ?? 0, to),
  );
  if (part === undefined || of === undefined)
    return { text: catalogue.notSaved(), keyboard: listButton(ctx.t) };
  if (there === undefined || there.id === part.id)
    return moved(ctx, { part, of, to, statements: swapParts(part.id, to) });
  const keyboard = new Keyboard()
    .last(catalogue.swap(part.number, to), { kind: 'partMoveTo', part: part.id, to, swap: 1 })
    .last(catalogue.insert(part.number), { kind: 'partMoveTo', part: part.id, to, swap: 0 })
    .button(system.no(), { kind: 'editPart', part: part.id });
  return { text: catalogue.numberTaken(to), keyboard };
}

async function moved(
  ctx: AdminContext,
  move: {
    readonly part: CataloguePart;
    readonly of: CatalogueAnime;
    readonly to: number;
    readonly statements: ReturnType<typeof movePart>;
  },
): Promise<Answer> {
  const { part, of, to, statements } = move;
  const { catalogue } = ctx.t.admin;
  const subject = `${of.code} ${nameOf(of, ctx.t)}: ${part.number} → ${to}`;
  const [written] = await ctx.turn.commit(
    statements,
    auditIfChanged(ctx.viewer.id, 'part-moved', subject, ctx.now),
    captionsOutdated(of.id, ctx.now),
  );
  // The part's own statement is the last; another admin may have deleted it meanwhile.
  if (!hasChanged(written.at(-1))) return { alert: catalogue.partGone() };
  return withNote(catalogue.partMoved(to), partScreen({ ...part, number: to }, of, ctx.t));
}

function partListScreen(
  of: CatalogueAnime,
  parts: readonly CataloguePart[],
  asked: number,
  t: Texts,
): Screen {
  const { catalogue, system } = t.admin;
  const keyboard = new Keyboard();
  for (const [i, part] of parts.entries()) {
    if (i > 0 && i % PER_ROW === 0) keyboard.row();
    keyboard.button(String(part.number), { kind: 'editPart', part: part.id });
  }
  const where = pageOf(asked, of.parts, PARTS_PER_PAGE);
  keyboard
    .row()
    .pages(t, where, (page) => ({ kind: 'editParts', id: of.id, page }))
    .last(catalogue.addParts(), { kind: 'partsAdd', id: of.id })
    .button(system.back(), { kind: 'edit', id: of.id });
  const text: Html = of.parts === 0 ? t.viewer.noPartsYet() : catalogue.partList(nameOf(of, t));
  return { text, keyboard };
}

/** The part itself is one press away, so that an admin sees which video is about to change. */
function partScreen(part: CataloguePart, of: CatalogueAnime, t: Texts): Screen {
  const { catalogue, system } = t.admin;
  const keyboard = new Keyboard()
    .last(catalogue.look(), { kind: 'watch', anime: of.id, part: part.number })
    .last(catalogue.replace(), { kind: 'partReplace', part: part.id })
    .last(catalogue.move(), { kind: 'partMove', part: part.id })
    .last(catalogue.deletePart(), { kind: 'partDelete', part: part.id })
    .button(system.back(), { kind: 'editParts', id: of.id, page: 0 });
  return { text: catalogue.part(nameOf(of, t), part.number), keyboard };
}

function askDelete(part: CataloguePart, of: CatalogueAnime, t: Texts): Screen {
  const { catalogue, system } = t.admin;
  const now = (renumber: 0 | 1): Action => ({ kind: 'partDeleteNow', id: of.id, part: part.id, renumber });
  const hasLater = part.number < of.highestPart;
  const keyboard = new Keyboard();
  if (hasLater) keyboard.last(catalogue.deleteShifting(), now(1)).last(catalogue.deleteKeeping(), now(0));
  else keyboard.last(catalogue.deletePart(), now(0));
  keyboard.button(system.no(), { kind: 'editPart', part: part.id });
  return { text: catalogue.askDeletePart(nameOf(of, t), part.number, hasLater), keyboard };
}

function backToParts(animeId: number, t: Texts): Keyboard {
  return new Keyboard()
    .button(t.admin.system.back(), { kind: 'editParts', id: animeId, page: 0 })
    .button(t.admin.system.panel(), { kind: 'panel' });
}
