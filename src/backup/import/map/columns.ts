/**
 * Whether a file has what a map names. A misspelt name would leave every row without that value, in
 * silence.
 */
import { isWithin } from '../../../text/edit-distance.ts';
import { UnsealError } from '../../envelope/types.ts';
import { LINE } from './csv.ts';
import type { ImportMap, MapSource } from './format.ts';
import type { SourceRow, Sources } from './sources.ts';

/**
 * @throws UnsealError with the columns there are. Rows that are not there say nothing against a
 * map.
 */
export function requireColumns(sources: Sources, map: ImportMap): void {
  for (const { from, fields, parts } of map.sources) {
    const rows = sources.get(from) ?? [];
    require(rows, from, parts === undefined ? fields : { ...fields, parts: parts.from });
    if (parts !== undefined) require(nested(rows, parts.from), `${from}.${parts.from}`, parts.fields);
  }
}

function require(rows: readonly SourceRow[], from: string, fields: MapSource['fields']): void {
  if (rows.length === 0) return;
  const wrong = Object.entries(fields).find(([, theirs]) => !rows.some((row) => row.has(theirs)));
  if (wrong === undefined) return;
  const [ours, theirs] = wrong;
  const columns = [...new Set(rows.flatMap((row) => [...row.keys()]))].filter((name) => name !== LINE);
  const similar = columns.find((name) => isWithin(name.toLowerCase(), theirs.toLowerCase(), 2));
  throw new UnsealError(
    'foreign',
    `the map takes ${ours} from ${JSON.stringify(theirs)}, which ${from} does not have${
      similar === undefined ? '' : ` (did you mean ${JSON.stringify(similar)}?)`
    }; it has ${columns.join(', ')}`,
  );
}

/** The objects within a column. */
function nested(rows: readonly SourceRow[], column: string): SourceRow[] {
  return rows.flatMap((row) => {
    const value = row.get(column);
    const items = Array.isArray(value) ? value : value instanceof Map ? [...value.values()] : [];
    return items.filter((item) => item instanceof Map);
  });
}
