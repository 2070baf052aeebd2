/** By Intl.PluralRules; `other` is also the form for what a language does not tell apart. */
export interface Forms {
  one?: string;
  few?: string;
  many?: string;
  other: string;
}
