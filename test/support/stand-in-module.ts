/** Another module in the place of one of the product, for what this process imports from now on. */
import { registerHooks } from 'node:module';

/**
 * @param end of the product's module, `/src/…`
 * @param standIn its URL
 */
export function standInFor(end: string, standIn: URL): void {
  registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context);
      return found.url.endsWith(end) ? { ...found, url: standIn.href } : found;
    },
  });
}
