/**
 * What a bench found, for people and for `npm run bench`, which draws it: the latter names a file
 * in BENCH_MEASURES, and every measure becomes a line of it.
 */
import { appendFileSync } from 'node:fs';
import process from 'node:process';

export interface Measure {
  /** Of the same name are lines of one plot. */
  readonly what: string;
  /** A data set, a variant. */
  readonly of: string;
  /** 1 is the size of bench/data-sets.ts. */
  readonly scale?: number;
  readonly value: number;
  /** `ratio` to the peer, `s`, `MB`, … */
  readonly unit: string;
  /** The least or the most that is wanted, in the same unit. */
  readonly goal?: number;
  readonly isMoreBetter?: boolean;
}

export function record(measure: Measure): void {
  const { what, of, scale, value, unit, goal, isMoreBetter = false } = measure;
  const where = scale === undefined ? of : `${of}, ${scale}x`;
  const isMet = goal === undefined || (isMoreBetter ? value >= goal : value <= goal);
  const wanted = goal === undefined ? '' : `  (goal ${goal}${isMet ? '' : ', NOT REACHED'})`;
  console.log(`  ${what.padEnd(34)}${where.padEnd(24)}${short(value).padStart(9)} ${unit}${wanted}`);
  const file = process.env['BENCH_MEASURES'];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(measure)}\n`);
}

export function short(value: number): string {
  if (value !== 0 && value < 0.1) return value.toPrecision(2);
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  if (low === undefined || high === undefined) throw new Error('nothing was measured');
  return (low + high) / 2;
}
