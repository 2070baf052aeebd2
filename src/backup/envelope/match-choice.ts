/**
 * Whether zlib looks for matches. That takes three quarters of its time where there are none, as in
 * pictures and random keys. What a piece is like is told by the pieces before it and a sample, so
 * equal content makes equal files.
 */
import { constants, deflateRawSync } from 'node:zlib';

/** Twice what zlib looks back. */
const SAMPLE_BYTES = 64 * 1024;
/**
 * Pieces until the next sample, where matches save nothing, and where they save something but what
 * comes out is poor all the same: a sample takes as long as most of a piece.
 */
const PIECES_WITHOUT = 8;
const PIECES_WITH = 32;
/** What gets shorter than that, compared with what came in, has matches. */
const POOR = 0.6;
/** How much larger a sample may become without matches. */
const LOSS = 1.02;

export class MatchChoice {
  readonly #level: number;
  #strategy: number = constants.Z_DEFAULT_STRATEGY;
  #isPoor = false;
  #left = 0;

  constructor(level: number) {
    this.#level = level;
  }

  /** For the next piece: one of zlib's strategies. */
  strategyFor(piece: Uint8Array): number {
    if (!this.#isPoor) return this.#strategy;
    this.#left -= 1;
    if (this.#left >= 0) return this.#strategy;
    const sample = piece.subarray(0, SAMPLE_BYTES);
    const size = (strategy: number): number =>
      deflateRawSync(sample, { level: this.#level, strategy }).byteLength;
    const isFutile = size(constants.Z_HUFFMAN_ONLY) <= LOSS * size(constants.Z_DEFAULT_STRATEGY);
    this.#left = isFutile ? PIECES_WITHOUT : PIECES_WITH;
    this.#strategy = isFutile ? constants.Z_HUFFMAN_ONLY : constants.Z_DEFAULT_STRATEGY;
    return this.#strategy;
  }

  /** What became of the last piece. */
  told(bytes: number, packed: number): void {
    // Without matches nothing is as short as it could be.
    this.#isPoor = this.#strategy === constants.Z_HUFFMAN_ONLY || packed > POOR * bytes;
  }
}
