/** Editing parts: replace, move, swap, delete. Buttons name a part by its row, so an old one never hits its neighbour. */
import { InlineKeyboard } from 'grammy';
import { encodeAction } from '../../bot/callback-data.ts';
import type { BotContext, Viewer } from '../../bot/context.ts';
import type { Feature } from '../../bot/feature.ts';
import { pageOf } from '../../bot/pagination.ts';
import { type Screen, show } from '../../bot/show.ts';
import { type Ask, answered, ask } from '../../db/asks.ts';
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
import { listButton, nameOf, stopButton, withNote } from './edit-screens.ts';
import { partOfMessage } from './part-files.ts';
import { AdminRoutes, askedQuestion, whenPressed } from './routes.ts';

const PER_ROW = 5;
const HIGHEST_NUMBER = 100_000;

const listed = whenPressed(['editParts'], ({ id }) => catalogueAnime(id));
const page = whenPressed(['editParts'], ({ id, page: asked }) => catalogueParts(id, Math.max(0, asked)));
const BUTTONS = ['editPart', 'partReplace', 'partMove', 'partMoveTo', 'partDelete', 'partDeleteNow'] as const;
const named = whenPressed(BUTTONS, ({ part }) => cataloguePart(part));
const anime = whenPressed(BUTTONS, ({ part }) => partAnime(part));

const routes = new AdminRoutes()
  .press('editParts', async (ctx, _admin, { page: asked }) => {
    const found = ctx.turn.got(listed);
    if (found === undefined) return ctx.answerPress(ctx.t.admin.catalogue.gone(), { alert: true });
    const screen = partListScreen(found, ctx.turn.got(page) ?? [], asked, ctx.t);
    return Promise.all([ctx.answerPress(), show(ctx, screen)]);
  })
  .press('editPart', (ctx) =>
    withPart(ctx, async (part, of) => {
      await Promise.all([ctx.answerPress(), show(ctx, partScreen(part, of, ctx.t))]);
    }),
  )
  .press('partReplace', (ctx, admin) =>
    withPart(ctx, async (part, of) => {
      await ctx.turn.commit(...ask(admin.id, 'replace', { animeId: of.id, subject: part.id }, ctx.now));
      const text = ctx.t.admin.catalogue.askReplace(nameOf(of, ctx.t), part.number);
      await Promise.all([ctx.answerPress(), show(ctx, { text, keyboard: stopButton(ctx.t) })]);
    }),
  )
  .press('partMove', (ctx, admin) =>
    withPart(ctx, async (part, of) => {
      await ctx.turn.commit(...ask(admin.id, 'number', { animeId: of.id, subject: part.id }, ctx.now));
      const text = ctx.t.admin.catalogue.askNumber(nameOf(of, ctx.t), part.number);
      await Promise.all([ctx.answerPress(), show(ctx, { text, keyboard: stopButton(ctx.t) })]);
    }),
  )
  .press('partMoveTo', (ctx, admin, { to, swap }) =>
    withPart(ctx, async (part, of) => {
      const statements = swap === 1 ? swapParts(part.id, to) : movePart(part.id, to);
      await moved(ctx, admin, { part, of, to, statements });
    }),
  )
  .press('partDelete', (ctx) =>
    withPart(ctx, async (part, of) => {
      await Promise.all([ctx.answerPress(), show(ctx, askDelete(part, of, ctx.t))]);
    }),
  )
  .press('partDeleteNow', (ctx, admin, { id, part: row, renumber }) =>
    withPart(ctx, async (part, of) => {
      const subject = `${of.code} ${nameOf(of, ctx.t)}: ${part.number}`;
      const statements = deletePart(id, row, renumber === 1);
      const results = await ctx.turn.commit(
        ...statements,
        auditIfChanged(admin.id, 'part-deleted', subject, ctx.now),
      );
      // Another admin was quicker.
      if (!hasChanged(results.at(statements.length - 1)))
        return ctx.answerPress(ctx.t.admin.catalogue.partGone(), { alert: true });
      const text = ctx.t.admin.catalogue.partDeleted(part.number);
      await Promise.all([ctx.answerPress(), show(ctx, { text, keyboard: backToParts(of.id, ctx.t) })]);
    }),
  )
  .answer('replace', (ctx, admin, { ask: asked, message }) => {
    const file = partOfMessage(message);
    return file === undefined
      ? show(ctx, { text: ctx.t.admin.catalogue.wantsVideo(), keyboard: stopButton(ctx.t) })
      : replaced(ctx, admin, asked, file);
  })
  .answer('number', (ctx, admin, { ask: asked }) => {
    const number = ctx.incoming.kind === 'code' ? ctx.incoming.code : null;
    return number === null || number > HIGHEST_NUMBER
      ? show(ctx, { text: ctx.t.admin.catalogue.wantsNumber(), keyboard: stopButton(ctx.t) })
      : moveAsked(ctx, admin, asked, number);
  });

export const editPartsFeature: Feature = {
  name: 'admin edit parts',
  composer: routes.composer,
  prefetches: [listed, page, named, anime, askedQuestion],
};

async function withPart(
  ctx: BotContext,
  act: (part: CataloguePart, of: CatalogueAnime) => Promise<void>,
): Promise<void> {
  const part = ctx.turn.got(named);
  const of = ctx.turn.got(anime);
  if (part === undefined || of === undefined || of.deletedAt !== null)
    return ctx.answerPress(ctx.t.admin.catalogue.partGone(), { alert: true });
  await act(part, of);
}

async function replaced(
  ctx: BotContext,
  admin: Viewer,
  asked: Ask,
  file: Parameters<typeof replacePart>[1],
): Promise<void> {
  const { catalogue } = ctx.t.admin;
  const row = asked.subject ?? 0;
  const of = asked.anime;
  const results = await ctx.turn.commit(
    ...answered(admin.id),
    replacePart(row, file),
    auditIfChanged(
      admin.id,
      'part-replaced',
      of === undefined ? String(row) : `${of.code} ${nameOf(of, ctx.t)}`,
      ctx.now,
    ),
    cataloguePart(row),
  );
  const part = cataloguePart(row).parse(results.at(-1)?.rows ?? []);
  await show(
    ctx,
    part === undefined || of === undefined
      ? { text: catalogue.notSaved(), keyboard: listButton(ctx.t) }
      : withNote(catalogue.partReplaced(part.number), partScreen(part, of, ctx.t)),
  );
}

/** A free number is taken at once; a taken one is asked about: change places, or make room. */
async function moveAsked(ctx: BotContext, admin: Viewer, asked: Ask, to: number): Promise<void> {
  const { catalogue, system } = ctx.t.admin;
  const row = asked.subject ?? 0;
  const of = asked.anime;
  const question = partNumbered(of?.id ?? 0, to);
  const results = await ctx.turn.commit(...answered(admin.id), cataloguePart(row), question);
  const part = cataloguePart(row).parse(results.at(-2)?.rows ?? []);
  const there = question.parse(results.at(-1)?.rows ?? []);
  if (part === undefined || of === undefined)
    return show(ctx, { text: catalogue.notSaved(), keyboard: listButton(ctx.t) });
  if (there === undefined || there.id === part.id)
    return moved(ctx, admin, { part, of, to, statements: swapParts(part.id, to) });
  const keyboard = new InlineKeyboard()
    .text(catalogue.swap(part.number, to), encodeAction({ kind: 'partMoveTo', part: part.id, to, swap: 1 }))
    .row()
    .text(catalogue.insert(part.number), encodeAction({ kind: 'partMoveTo', part: part.id, to, swap: 0 }))
    .row()
    .text(system.no(), encodeAction({ kind: 'editPart', part: part.id }));
  await show(ctx, { text: catalogue.numberTaken(to), keyboard });
}

async function moved(
  ctx: BotContext,
  admin: Viewer,
  move: {
    readonly part: CataloguePart;
    readonly of: CatalogueAnime;
    readonly to: number;
    readonly statements: ReturnType<typeof movePart>;
  },
): Promise<void> {
  const { part, of, to, statements } = move;
  const subject = `${of.code} ${nameOf(of, ctx.t)}: ${part.number} → ${to}`;
  const results = await ctx.turn.commit(
    ...statements,
    auditIfChanged(admin.id, 'part-moved', subject, ctx.now),
  );
  // The part's own statement is the last but one; another admin may have deleted it meanwhile.
  if (!hasChanged(results.at(statements.length - 1)))
    return ctx.answerPress(ctx.t.admin.catalogue.partGone(), { alert: true });
  const screen = withNote(
    ctx.t.admin.catalogue.partMoved(to),
    partScreen({ ...part, number: to }, of, ctx.t),
  );
  await Promise.all([ctx.answerPress(), show(ctx, screen)]);
}

function partListScreen(
  of: CatalogueAnime,
  parts: readonly CataloguePart[],
  asked: number,
  t: Texts,
): Screen {
  const { catalogue, system } = t.admin;
  const { page: current, pages, hasPrevious, hasNext } = pageOf(asked, of.parts, PARTS_PER_PAGE);
  const keyboard = new InlineKeyboard();
  for (const [i, part] of parts.entries()) {
    if (i > 0 && i % PER_ROW === 0) keyboard.row();
    keyboard.text(String(part.number), encodeAction({ kind: 'editPart', part: part.id }));
  }
  keyboard.row();
  const to = (number: number): string => encodeAction({ kind: 'editParts', id: of.id, page: number });
  if (hasPrevious) keyboard.text(system.left(), to(current - 1));
  if (pages > 1) keyboard.text(t.viewer.pageOf(current + 1, pages), encodeAction({ kind: 'label' }));
  if (hasNext) keyboard.text(system.right(), to(current + 1));
  keyboard
    .row()
    .text(catalogue.addParts(), encodeAction({ kind: 'partsAdd', id: of.id }))
    .row()
    .text(system.back(), encodeAction({ kind: 'edit', id: of.id }));
  const text: Html = of.parts === 0 ? t.viewer.noPartsYet() : catalogue.partList(nameOf(of, t));
  return { text, keyboard };
}

/** The part itself is one press away, so that an admin sees which video he is about to change. */
function partScreen(part: CataloguePart, of: CatalogueAnime, t: Texts): Screen {
  const { catalogue, system } = t.admin;
  const keyboard = new InlineKeyboard()
    .text(catalogue.look(), encodeAction({ kind: 'watch', anime: of.id, part: part.number }))
    .row()
    .text(catalogue.replace(), encodeAction({ kind: 'partReplace', part: part.id }))
    .row()
    .text(catalogue.move(), encodeAction({ kind: 'partMove', part: part.id }))
    .row()
    .text(catalogue.deletePart(), encodeAction({ kind: 'partDelete', part: part.id }))
    .row()
    .text(system.back(), encodeAction({ kind: 'editParts', id: of.id, page: 0 }));
  return { text: catalogue.part(nameOf(of, t), part.number), keyboard };
}

function askDelete(part: CataloguePart, of: CatalogueAnime, t: Texts): Screen {
  const { catalogue, system } = t.admin;
  const now = (renumber: 0 | 1): string =>
    encodeAction({ kind: 'partDeleteNow', id: of.id, part: part.id, renumber });
  const hasLater = part.number < of.highestPart;
  const keyboard = new InlineKeyboard();
  if (hasLater)
    keyboard.text(catalogue.deleteShifting(), now(1)).row().text(catalogue.deleteKeeping(), now(0)).row();
  else keyboard.text(catalogue.deletePart(), now(0)).row();
  keyboard.text(system.no(), encodeAction({ kind: 'editPart', part: part.id }));
  return { text: catalogue.askDeletePart(nameOf(of, t), part.number, hasLater), keyboard };
}

function backToParts(animeId: number, t: Texts): InlineKeyboard {
  return new InlineKeyboard()
    .text(t.admin.system.back(), encodeAction({ kind: 'editParts', id: animeId, page: 0 }))
    .text(t.admin.system.panel(), encodeAction({ kind: 'panel' }));
}
