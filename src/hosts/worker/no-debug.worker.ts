/**
 * The Worker's `debug` (a package of @grammyjs/auto-retry): the real one brings terminal colours
 * that nobody sees there, 8 KB of the bundle.
 */
export function debug(): () => void {
  return () => {};
}
