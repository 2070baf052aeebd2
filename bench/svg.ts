/** Plots as SVG, readable on a light and on a dark page. */

export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly shown: string;
  /** The most that is wanted, or the least. */
  readonly goal?: number | undefined;
  readonly isMet: boolean;
}

const WIDTH = 760;
const LABELS = 290;
const VALUES = 80;
const LINE = 22;
const TOP = 44;
const STYLE = `text{font:13px system-ui,sans-serif;fill:#57606a}.title{font-weight:600;font-size:15px}
.met{fill:#2da44e}.missed{fill:#cf222e}.bare{fill:#6e7781}.goal{stroke:#0969da;stroke-width:2}
.line{fill:none;stroke-width:2}.axis{stroke:#8c959f}`;

/** A bar for each value; a blue stroke where its goal stands. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const most = Math.max(...bars.flatMap(({ value, goal }) => [value, goal ?? 0]), 1e-9);
  const x = (value: number): number => LABELS + (value / most) * (WIDTH - LABELS - VALUES);
  const lines = bars.map(({ label, value, shown, goal, isMet }, i) => {
    const y = TOP + i * LINE;
    const kind = goal === undefined ? 'bare' : isMet ? 'met' : 'missed';
    const stroke =
      goal === undefined
        ? ''
        : `<line class="goal" x1="${at(x(goal))}" x2="${at(x(goal))}" y1="${y - 2}" y2="${y + 16}"/>`;
    return `<text x="${LABELS - 8}" y="${y + 12}" text-anchor="end">${escaped(label)}</text><rect class="${kind}" x="${LABELS}" y="${y}" width="${at(Math.max(1, x(value) - LABELS))}" height="14"/>${stroke}<text x="${at(x(value) + 6)}" y="${y + 12}">${escaped(shown)}</text>`;
  });
  return drawn(title, TOP + bars.length * LINE + 8, lines);
}

export interface Series {
  readonly name: string;
  /** Scale and value. */
  readonly points: readonly (readonly [number, number])[];
}

const PLOT_HEIGHT = 220;
const COLOURS = ['#0969da', '#2da44e', '#bf8700', '#8250df', '#cf222e', '#1b7c83'];

/** How values move with the size of the data; sizes on a logarithmic axis. */
export function growthChart(title: string, series: readonly Series[]): string {
  const all = series.flatMap(({ points }) => points);
  const scales = [...new Set(all.map(([scale]) => scale))].toSorted((a, b) => a - b);
  const [least = 1, largest = 1] = [scales[0], scales.at(-1)];
  const most = Math.max(...all.map(([, value]) => value), 1e-9);
  const right = WIDTH - 200;
  const x = (scale: number): number =>
    50 + (largest === least ? 0 : (Math.log(scale / least) / Math.log(largest / least)) * (right - 50));
  const y = (value: number): number => TOP + PLOT_HEIGHT - (value / most) * PLOT_HEIGHT;
  const bottom = TOP + PLOT_HEIGHT;
  const axes = [
    `<line class="axis" x1="50" x2="${right}" y1="${bottom}" y2="${bottom}"/>`,
    ...scales.map(
      (scale) => `<text x="${at(x(scale))}" y="${bottom + 18}" text-anchor="middle">${scale}x</text>`,
    ),
    `<text x="44" y="${TOP + 10}" text-anchor="end">${most.toPrecision(2)}</text>`,
    `<text x="44" y="${bottom}" text-anchor="end">0</text>`,
  ];
  const lines = series.map(({ name, points }, i) => {
    const colour = COLOURS[i % COLOURS.length];
    const path = points.map(([scale, value]) => `${at(x(scale))},${at(y(value))}`).join(' ');
    const dots = points.map(
      ([scale, value]) => `<circle cx="${at(x(scale))}" cy="${at(y(value))}" r="3" fill="${colour}"/>`,
    );
    const label = `<text x="${right + 14}" y="${TOP + 12 + i * LINE}" style="fill:${colour}">${escaped(name)}</text>`;
    return `<polyline class="line" stroke="${colour}" points="${path}"/>${dots.join('')}${label}`;
  });
  return drawn(title, bottom + 30, [...axes, ...lines]);
}

function drawn(title: string, height: number, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(title)}"><style>${STYLE}</style><text class="title" x="8" y="24">${escaped(title)}</text>
${parts.join('\n')}
</svg>
`;
}

function at(value: number): string {
  return value.toFixed(1);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
