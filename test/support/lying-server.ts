/** A database server that gives other rows than it has, on its way to whoever asks. */

export interface Lie {
  /** The statements it is told of. */
  readonly match: RegExp;
  /** Answers that it is told in; more are true. */
  left: number;
  /** Rows as the wire has them. */
  change(rows: readonly Wire[]): readonly Wire[];
}

export type Wire = readonly { readonly type: string; readonly value?: unknown }[];

interface Asked {
  readonly batch?: { readonly steps: readonly { readonly stmt: { readonly sql: string } }[] };
  readonly requests?: readonly { readonly stmt?: { readonly sql: string } }[];
}

type Line = { readonly type?: string; readonly step?: number; readonly row?: Wire };

/** `fetch`, with what `lies` say put into cursors and into the results of single statements. */
export function lyingFetch(lies: readonly Lie[], honest: typeof fetch = fetch): typeof fetch {
  return async (input, init) => {
    const response = await honest(input, init);
    const asked = JSON.parse(typeof init?.body === 'string' ? init.body : '{}') as Asked;
    const statements = (asked.batch?.steps ?? asked.requests ?? []).map(({ stmt }) => stmt?.sql ?? '');
    const isTold = lies.map(({ left, match }) => left > 0 && statements.some((sql) => match.test(sql)));
    if (!response.ok || !isTold.includes(true)) return response;
    lies.forEach((lie, at) => {
      if (isTold[at]) lie.left -= 1;
    });
    const told = (sql: string, rows: readonly Wire[]): readonly Wire[] =>
      lies
        .filter(({ match }, at) => isTold[at] && match.test(sql))
        .reduce((all, lie) => lie.change(all), rows);
    const text = await response.text();
    return new Response(
      asked.batch === undefined ? inPipeline(text, statements, told) : inCursor(text, statements, told),
    );
  };
}

type Tell = (sql: string, rows: readonly Wire[]) => readonly Wire[];

function inCursor(text: string, statements: readonly string[], told: Tell): string {
  let rows: Wire[] = [];
  let step = 0;
  const lines = text
    .trimEnd()
    .split('\n')
    .flatMap((line) => {
      const entry = JSON.parse(line) as Line;
      if (entry.type === 'row') {
        rows.push(entry.row ?? []);
        return [];
      }
      if (entry.type === 'step_begin') step = entry.step ?? 0;
      if (entry.type !== 'step_end') return [line];
      const changed = told(statements[step] ?? '', rows).map((row) => JSON.stringify({ type: 'row', row }));
      rows = [];
      return [...changed, line];
    });
  return `${lines.join('\n')}\n`;
}

function inPipeline(text: string, statements: readonly string[], told: Tell): string {
  const answer = JSON.parse(text) as { results: { response?: { result?: { rows?: readonly Wire[] } } }[] };
  answer.results.forEach(({ response }, at) => {
    const result = response?.result;
    if (result?.rows !== undefined) result.rows = told(statements[at] ?? '', result.rows);
  });
  return JSON.stringify(answer);
}
