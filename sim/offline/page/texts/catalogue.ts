/** What a language of the page must say. */
import type { Forms } from './forms.ts';
import type { uz } from './uz.ts';

export type Catalogue = { readonly [key in keyof typeof uz]: string | Forms };
