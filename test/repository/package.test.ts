/**
 * The first command on a fresh machine: which Node runs, where it comes from, and what may run
 * while npm installs.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);
const guard = fileURLToPath(new URL('src/node-version.cjs', root));

interface Locked {
  readonly version: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly bin?: Readonly<Record<string, string>>;
}

interface PackageFile {
  readonly scripts: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

const json = <T>(name: string): T => JSON.parse(readFileSync(new URL(name, root), 'utf8')) as T;
const file = json<PackageFile>('package.json');
const { packages } = json<{ packages: Readonly<Record<string, Locked>> }>('package-lock.json');

function underVersion(version: string, file = guard): { status: number | null; stderr: string } {
  const fake = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`;
  return spawnSync(process.execPath, ['-e', `${fake} require(${JSON.stringify(file)})`], {
    encoding: 'utf8',
  });
}

test('every package has its reason in docs/decisions.md, and none is named that is gone', () => {
  const text = readFileSync(new URL('docs/decisions.md', root), 'utf8');
  const [, tools = ''] = /^## Toolchain\n(.*?)^## /ms.exec(text) ?? [];
  const [, rest = ''] = /^## Dependencies\n(.*?)^## /ms.exec(text) ?? [];
  const names = Object.keys({ ...file.dependencies, ...file.devDependencies });
  const asWord = (name: string): RegExp => new RegExp(`(?<![\\w/-])${name}(?![\\w/-])`, 'i');
  // Types come with what they describe.
  const unnamed = names.filter((name) => !/types/.test(name) && !asWord(name).test(tools + rest));
  expect(unnamed).toEqual([]);
  const rows = [...rest.matchAll(/^\| ([@a-z][^|(]*)/gm)].flatMap(([, cell = '']) => cell.trim().split(', '));
  expect(rows.filter((name) => name !== 'package' && !names.includes(name))).toEqual([]);
});

describe('the Node that runs everything', () => {
  test.each(['12.22.0', '18.20.4', '20.20.2', '22.12.0', '24.11.1'])(
    '%s is too old, in a sentence',
    (version) => {
      const { status, stderr } = underVersion(version);
      expect(status).toBe(1);
      expect(stderr).toMatch(/^Node 24\.12 or newer is needed, and this is .* \(.*\)\. Run `npm ci`.*\n$/);
      expect(stderr).toContain(version);
    },
  );

  test.each(['12.22.0', '24.21.0'])('%s without npm ci: run that first', (version) => {
    const fresh = mkdtempSync(join(tmpdir(), 'no-npm-ci-'));
    try {
      mkdirSync(join(fresh, 'src'));
      copyFileSync(guard, join(fresh, 'src/node-version.cjs'));
      const { status, stderr } = underVersion(version, join(fresh, 'src/node-version.cjs'));
      expect(stderr).toBe(
        `The packages of this program are not there yet: run \`npm ci\` in ${fresh} first (half a minute), then try again.\n`,
      );
      expect(status).toBe(1);
    } finally {
      rmSync(fresh, { recursive: true });
    }
  });

  test.each(['24.12.0', '24.21.0', '25.2.0', '26.10.0'])('%s will do', (version) => {
    expect(underVersion(version)).toMatchObject({ status: 0, stderr: '' });
  });

  test('every script that starts our code with node looks at the version first', () => {
    const starts = Object.values(file.scripts).filter((script) => /\.(ts|mjs)\b|\bnode\b/.test(script));
    expect(starts.length).toBeGreaterThan(8);
    expect(starts.filter((script) => !script.startsWith('node -r ./src/node-version.cjs '))).toEqual([]);
    expect(Object.values(file.scripts).filter((script) => /^vitest\b/.test(script))).toEqual([]);
  });

  test('comes from the lock file, with its digest, one package a platform', () => {
    const nodes = Object.keys(file.optionalDependencies).map((name) => packages[`node_modules/${name}`]);
    expect(nodes.length).toBeGreaterThan(3);
    for (const node of nodes) {
      expect(node).toMatchObject({ optional: true, bin: { node: expect.stringMatching(/^bin\/node/) } });
      expect(node?.integrity).toMatch(/^sha512-/);
    }
    const platforms = nodes.map((node) => `${node?.os} ${node?.cpu}`);
    expect(new Set(platforms).size).toBe(nodes.length);
    expect(platforms).toEqual(
      expect.arrayContaining(['linux x64', 'linux arm64', 'darwin arm64', 'win32 x64']),
    );
  });
});

test('no package runs a script of its own while it is installed', () => {
  const scripted = Object.entries(packages).filter(([, { hasInstallScript }]) => hasInstallScript === true);
  const names = new Set(scripted.map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 13)));
  expect(file.allowScripts).toEqual(Object.fromEntries([...names].map((name) => [name, false])));
});
