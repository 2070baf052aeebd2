/** Numbers and sizes as a language writes them. */

interface Measures {
  /** At most one decimal: `0,7`. */
  readonly decimal: (value: number) => string;
  /** Decimal units, one decimal: `33,4 KB`. */
  readonly size: (bytes: number) => string;
}

/** @param units of a byte, 10³, 10⁶ and 10⁹ bytes */
export function measures(mark: '.' | ',', units: readonly [string, string, string, string]): Measures {
  const marked = (text: string): string => text.replace('.', mark);
  return {
    decimal: (value) => marked(String(Math.round(value * 10) / 10)),
    size: (bytes) => {
      if (bytes < 1_000) return `${bytes} ${units[0]}`;
      const [unit, divisor] = bytes < 1e6 ? [units[1], 1e3] : bytes < 1e9 ? [units[2], 1e6] : [units[3], 1e9];
      return `${marked((bytes / divisor).toFixed(1))} ${unit}`;
    },
  };
}
