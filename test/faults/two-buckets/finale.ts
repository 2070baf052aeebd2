/**
 * When nothing breaks any more: the two buckets agree, what is wrong in one of them only is right
 * again, what is wrong in both is known to be, and each brings back all that it should.
 */

import type { Bucket } from '../../../src/backup/catalog/bucket.ts';
import { changeState } from '../../../src/backup/catalog/change-state.ts';
import { loadEntry } from '../../../src/backup/catalog/entry.ts';
import { listBackups } from '../../../src/backup/catalog/list.ts';
import { pinKey, verdictKey } from '../../../src/backup/catalog/names.ts';
import { badAmong, readBadChanges } from '../../../src/backup/changes/bad-changes.ts';
import { followChain } from '../../../src/backup/changes/chain.ts';
import { basesOf, listChanges } from '../../../src/backup/changes/list-changes.ts';
import { lookBackAtBackups } from '../../../src/backup/copy/look-back-backups.ts';
import { readMemory } from '../../../src/backup/copy/memory.ts';
import { copyNote } from '../../../src/db/bucket-notes.ts';
import { all, sql } from '../../../src/db/database.ts';
import { DAY_MS } from '../../../src/text/times.ts';
import type { Place } from './place.ts';
import { byHand } from './steps.ts';
import type { World } from './world.ts';

const HOUR_MS = DAY_MS / 24;
const DAYS = 3;

export async function mustAgree(world: World): Promise<void> {
  for (let day = 0; day < DAYS; day += 1) {
    await quietDay(world);
    await world.check();
  }
  const [note] = await world.db.read([copyNote()]);
  const { left, problem, failures, refused } = readMemory(note);
  const bad = new Set<string>();
  const onBad = (name: string): void => void bad.add(name);
  const problems = [
    ...(await backupsApart(world, new Set(Object.keys(refused)), onBad)),
    ...(await changesApart(world, onBad)),
    ...(await broughtBack(world)),
  ];
  if (problems.length === 0 && bad.size > 0 && !world.isWordLost)
    problems.push(...(await untold(world, bad, problem)));
  if (problems.length === 0 && problem === null && (left > 0 || failures > 0))
    problems.push(`the copy lacks ${left}: ${problem}`);
  if (problems.length > 0)
    throw new Error(`${problems.slice(0, 4).join('\n')}\n(copy: ${left} left, ${problem})`);
}

/** Of what is whole in neither bucket the owners have heard; a message names three. */
async function untold(
  { db, said }: World,
  bad: ReadonlySet<string>,
  problem: string | null,
): Promise<string[]> {
  const [notices] = await db.read([
    all(sql('SELECT detail FROM admin_notices'), (row) => row.text('detail')),
  ]);
  const words = [...notices, ...said, problem ?? ''].join('\n');
  const missing = [...bad].filter((name) => !words.includes(name));
  return missing.length > 0 && bad.size <= 3 ? [`nobody was told of ${missing.join(', ')}`] : [];
}

async function quietDay(world: World): Promise<void> {
  await world.ship(1);
  world.pass(HOUR_MS);
  const made = await world.backUp('schedule');
  if (made === undefined) throw new Error(`an undisturbed backup was not made: ${world.said.at(-1)}`);
  await world.copy();
  world.pass(2 * HOUR_MS);
  await world.look();
  await world.watchChanges();
  await world.ship(1);
  await world.copy();
  if (!world.options.isNode) await ownersLook(world);
  world.pass(DAY_MS - 3 * HOUR_MS);
}

/** A Worker reads no backups again: `verify --all`, `copy`. */
async function ownersLook(world: World): Promise<void> {
  const { context, copy } = world.host;
  const largest = Number.POSITIVE_INFINITY;
  const look = { buckets: [context, copy], mostBytes: largest, largest, check() {} };
  const { damaged } = await lookBackAtBackups(look, '');
  world.said.push(...damaged.map(({ name }) => name));
  await byHand(world);
}

/** What is wrong with the backups of the two, in words. */
async function backupsApart(
  world: World,
  told: ReadonlySet<string>,
  onBad: (name: string) => void,
): Promise<string[]> {
  const { truth, places, host } = world;
  const { first, copy } = places;
  const problems: string[] = [];
  const buckets = [
    { place: first, bucket: host.context as Bucket, other: copy },
    { place: copy, bucket: host.copy, other: first },
  ];
  const isWhole = (place: Place, files: Iterable<string>): boolean =>
    [...files].every((file) => truth.isRight(file, place.body(file)));
  for (const { place, bucket, other } of buckets) {
    const { entries } = await listBackups(bucket);
    for (const { name, state } of entries) {
      const backup = truth.backups.get(name);
      if (backup === undefined || state === 'unfinished') continue;
      const files = [...backup.objects.keys()];
      if (isWhole(place, files)) {
        // Two readings were cut, or it was mended while another looked: told, `verify` ends it.
        const isCut = world.cut.some((hit) => hit.includes(name) || hit.endsWith('stall'));
        if (state !== 'verified' && !isCut)
          problems.push(`${name} is whole in the ${place.role} bucket, and ${state}`);
        if (place === first && !isWhole(copy, files)) problems.push(`the copy lacks ${name}`);
      } else if (truth.proved.has(name)) {
        if (isWhole(other, files) && !told.has(name))
          problems.push(`${name} is whole in the ${other.role} bucket alone`);
        // That one is gone, the listing tells.
        else if (place.body(verdictKey('', name)) !== undefined) onBad(name);
        if (state === 'verified')
          problems.push(`${name} is damaged in the ${place.role} bucket, and nobody knows`);
      }
    }
  }
  for (const { name } of truth.backups.values()) {
    const pin = pinKey('', name);
    if (
      first.body(pin) !== undefined &&
      isWhole(copy, truth.backups.get(name)?.objects.keys() ?? []) &&
      copy.body(pin) === undefined
    )
      problems.push(`the pin of ${name} was not copied`);
  }
  return problems;
}

async function changesApart(world: World, onBad: (file: string) => void): Promise<string[]> {
  const { truth, places, host, time, options } = world;
  const { first, copy } = places;
  const problems: string[] = [];
  const [state] = await world.db.read([changeState]);
  // Nobody can look inside, and what the database remembers goes when the copy has it.
  const isBlind = options.template.key !== undefined && !options.hasKey;
  const bad = { first: await readBadChanges(host.context), copy: await readBadChanges(host.copy) };
  const listed = {
    first: (await listChanges(host.context)).files,
    copy: (await listChanges(host.copy)).files,
  };
  const oldest = Math.min(...world.watch.rules.believed(first).map((backup) => backup.time));
  const kept = Math.max(oldest, time.true - options.changeDays * DAY_MS) + DAY_MS + world.watch.rules.slack;
  for (const { file, time: at } of truth.changes.values()) {
    if (!truth.proved.has(file)) continue;
    const [mine, theirs] = [first.body(file), copy.body(file)];
    const [here, there] = [truth.isRight(file, mine), truth.isRight(file, theirs)];
    if (here && there) continue;
    if (here && theirs === undefined) {
      if (!isBlind && isNamed(world, file, state?.timeline)) problems.push(`the copy lacks ${file}`);
    } else if (there && mine === undefined && at > kept && !isBlind)
      problems.push(`the first bucket lacks ${file}`);
    else if (!isBlind && ((here && theirs !== undefined) || (there && mine !== undefined)))
      problems.push(`${file} is right in one bucket, and wrong in the other`);
    else if (!isBlind)
      for (const place of [first, copy]) {
        const isThere = place.body(file) !== undefined;
        const found = badAmong(
          bad[place.role],
          listed[place.role].filter((one) => one.file === file),
        );
        if (!isThere || truth.isRight(file, place.body(file))) continue;
        onBad(file);
        if (found.length === 0)
          problems.push(`${file} is damaged in the ${place.role} bucket, and nobody knows`);
      }
  }
  return problems;
}

/** Whether the file behind it is whole somewhere: without it nothing proves this one. */
function isNamed({ truth, places }: World, file: string, timeline: string | undefined): boolean {
  const of = truth.changes.get(file);
  const isNow = of?.timeline === timeline;
  const behind = [...truth.changes.values()].filter(
    (other) => other.timeline === of?.timeline && other.last > of.last && truth.proved.has(other.file),
  );
  const [next] = behind.toSorted((a, b) => a.last - b.last);
  const isThere = ({ file: one }: { readonly file: string }): boolean =>
    Object.values(places).some((place) => truth.isRight(one, place.body(one)));
  // Nor does anything name the last one of a history that is over: `copy` takes it.
  return next === undefined ? isNow : isThere(next);
}

/** From the newest backup of each bucket, along its change files, to what is stored last. */
async function broughtBack(world: World): Promise<string[]> {
  const { host, options, db } = world;
  const [state] = await db.read([changeState]);
  if (state === undefined) return ['the change log is gone'];
  const keys = options.template.key && { identities: [options.template.key.identity], passphrases: [] };
  const problems: string[] = [];
  for (const bucket of [host.context, host.copy] as const) {
    const where = bucket.store.description;
    const entries = (await listBackups(bucket)).entries.filter((entry) => entry.state === 'verified');
    const base = basesOf(bucket, entries).findLast(({ changes }) => changes?.timeline === state.timeline);
    if (base === undefined) {
      problems.push(`${where} has no backup of this timeline`);
      continue;
    }
    const entry = await loadEntry(bucket, base.entry);
    if (entry.state !== 'verified') problems.push(`${where}: ${entry.name} is ${entry.state}`);
    const chain = followChain(bucket, base, (await listChanges(bucket)).files, { keys });
    let seq = base.changes?.seq ?? 0;
    for (let next = await chain.next(); ; next = await chain.next()) {
      if (next.done === true) {
        if (seq < state.shippedSeq)
          problems.push(`${where} leads to ${seq} of ${state.shippedSeq}: ${next.value?.why}`);
        break;
      }
      seq = Math.max(seq, next.value.header.last);
    }
  }
  return problems;
}
