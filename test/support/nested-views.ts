/**
 * Views, each of which names the one before it twice: what SQLite reads of the last doubles with
 * every view.
 */
export function nestedViews(count: number): string[] {
  return Array.from({ length: count }, (_, n) =>
    n === 0
      ? 'CREATE VIEW v0 AS SELECT 1 AS a'
      : `CREATE VIEW v${n} AS SELECT a FROM v${n - 1} UNION ALL SELECT a FROM v${n - 1}`,
  );
}
