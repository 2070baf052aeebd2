/**
 * What a stranger sees first: licence, guides, and the files with which the bot is built, run and
 * checked.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { SETTING_NAMES } from '../../src/settings/setting-names.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const file = JSON.parse(read('package.json')) as {
  license: string;
  scripts: Record<string, string>;
};
const PAGES = ['README.md', 'README.uz.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'];

test('the licence is the one that package.json names', () => {
  expect(read('LICENSE')).toMatch(new RegExp(`^${file.license} License\n\nCopyright \\(c\\) \\d{4} `));
});

describe.each(PAGES)('%s', (page) => {
  const text = read(page);

  test('its links lead to files', () => {
    const targets = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target = '']) => target);
    expect(targets.filter((target) => !existsSync(join(ROOT, dirname(page), target)))).toEqual([]);
  });

  test('paths and scripts that it names are there', () => {
    const code = [...text.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
    const paths = code.filter((span) =>
      /^(src|test|dev|docs|bench|deploy|\.ci|\.github)\/[\w./-]+$/.test(span),
    );
    // The workflow file is one's own: it is copied there.
    const missing = paths.filter((path) => !existsSync(join(ROOT, path)) && !path.endsWith('/backup.yml'));
    const blocks = [...text.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = '']) => block);
    const named = [...[...code, ...blocks].join('\n').matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g)];
    const unknown = named.map(([, script = '']) => script).filter((script) => !(script in file.scripts));
    expect({ missing, unknown }).toEqual({ missing: [], unknown: [] });
  });
});

describe('pictures', () => {
  const shown = (page: string): string[] =>
    [...read(page).matchAll(/(?:src|srcset)="([^"]+)"/g)].map(([, path = '']) => path);

  test.each([
    ['README.md', 'en'],
    ['README.uz.md', 'uz'],
  ])('%s shows three, in its language, for light and dark systems', (page, language) => {
    const names = ['viewer', 'admin', 'backups'].flatMap((name) => [
      `docs/pictures/${name}-${language}-dark.webp`,
      `docs/pictures/${name}-${language}-light.webp`,
    ]);
    expect(shown(page)).toEqual(names);
    expect(read(page).match(/<img [^>]*alt="[^"]{20,}"/g)).toHaveLength(3);
  });

  test('are WebP, all are shown, and all together load at once', () => {
    // `bench` has the plots of docs/performance.md.
    const names = readdirSync(join(ROOT, 'docs/pictures')).filter((name) => name !== 'bench');
    const files = names.map((name) => `docs/pictures/${name}`);
    expect(files.toSorted()).toEqual([...shown('README.md'), ...shown('README.uz.md')].toSorted());
    const contents = files.map((path) => readFileSync(join(ROOT, path)));
    for (const content of contents) expect(content.toString('latin1', 8, 12)).toBe('WEBP');
    expect(contents.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(700_000);
  });

  test('each plot is shown in docs/performance.md', () => {
    const plots = readdirSync(join(ROOT, 'docs/pictures/bench')).map((name) => `pictures/bench/${name}`);
    const text = read('docs/performance.md');
    expect(plots.filter((path) => !text.includes(path))).toEqual([]);
  });
});

describe('.github/workflows/ci.yml', () => {
  const workflow = parse(read('.github/workflows/ci.yml'));

  test('runs .ci/run, which this repository has, with the least rights', () => {
    const { steps } = workflow.jobs.everything;
    expect(steps.map(({ run }: { run?: string }) => run).filter(Boolean)).toEqual(['.ci/run']);
    expect(spawnSync('bash', ['-n', join(ROOT, '.ci/run')]).status).toBe(0);
    expect(workflow.permissions).toEqual({ contents: 'read' });
    expect(Object.keys(workflow.on)).toEqual(['push', 'pull_request']);
  });

  test('docs/backup-workflow.yml is a workflow too, and its commands are known', () => {
    const { jobs } = parse(read('docs/backup-workflow.yml'));
    const runs = jobs.backup.steps.flatMap(({ run }: { run?: string }) => run ?? []);
    expect(runs).toContain('npm ci');
    for (const run of runs.filter((line: string) => line.startsWith('npm run')))
      expect(run).toMatch(/^npm run backup -- (full|drill|list|verify)\b/);
    expect(runs).toContain('npm run backup -- drill');
    // README tells how to install it.
    expect(read('README.md')).toContain('cp docs/backup-workflow.yml .github/workflows/backup.yml');
  });
});

test('docs/backup-workflow.yml hands over every setting of a backup: none is left out unseen', () => {
  const { env } = parse(read('docs/backup-workflow.yml'));
  // A disk, a schedule or an age limit of the bot's is nothing to the workflow; what opens old ones
  // is not for a server.
  const others = /^BACKUP_(DIR|CRON|MAX_AGE_HOURS|AGE_IDENTITY|PASSPHRASE_OLD)$/;
  const wanted = SETTING_NAMES.filter(
    (name) => /^(DATABASE|S3|COPY_S3|BACKUP)_/.test(name) && !others.test(name),
  );
  const entries = Object.entries(env).toSorted(([a], [b]) => a.localeCompare(b));
  expect(entries).toEqual(
    wanted.toSorted((a, b) => a.localeCompare(b)).map((name) => [name, `\${{ secrets.${name} }}`]),
  );
});

/** `FROM`, `COPY` and so on, with lines that go on put together. */
const instructions = read('Dockerfile')
  .replaceAll(/\\\n\s*/g, ' ')
  .split('\n')
  .filter((line) => /^[A-Z]+ /.test(line))
  .map((line) => ({ name: line.split(' ', 1)[0] ?? '', rest: line.slice(line.indexOf(' ') + 1) }));
const all = (name: string): string[] =>
  instructions.filter((one) => one.name === name).map(({ rest }) => rest);

describe('Dockerfile', () => {
  test('every COPY has its source, here and past .dockerignore', () => {
    const sources = all('COPY').flatMap((rest) => rest.split(' ').slice(0, -1));
    expect(sources.length).toBeGreaterThan(3);
    expect(sources.filter((source) => !existsSync(join(ROOT, source)))).toEqual([]);
    const let_in = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'));
    expect(let_in.map((line) => line.slice(1)).sort()).toEqual(sources.toSorted());
  });

  test('CMD is what npm start runs, without npm', () => {
    expect(JSON.parse(all('CMD').at(-1) ?? '').join(' ')).toBe(file.scripts['start']);
  });

  test('not root, a volume for data, /healthz asked', () => {
    const order = instructions.map(({ name }) => name);
    expect(all('USER')).toEqual(['node']);
    expect(order.indexOf('USER')).toBeLessThan(order.lastIndexOf('CMD'));
    expect(all('VOLUME')).toEqual(['/app/data']);
    expect(all('HEALTHCHECK')[0]).toContain('/healthz');
    expect(all('FROM')).toEqual([expect.stringMatching(/^node:24/)]);
  });

  test('the health check is a program that runs: 1 where nothing listens', () => {
    const [, command = ''] = /CMD (\[.*\])$/.exec(all('HEALTHCHECK')[0] ?? '') ?? [];
    const [, ...args] = JSON.parse(command) as string[];
    const { status, stderr } = spawnSync(process.execPath, args, { env: { PORT: '9' }, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
  });

  test('what the image holds is enough: the host imports nothing else', () => {
    const imports = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .flatMap((path) => [
        ...read(join('src', path)).matchAll(/from '((?:\.\.\/)+(?:dev|test|bench)\/[^']*)'/g),
      ]);
    expect(imports).toEqual([]);
  });
});

test('compose.yml: this image, a volume for data, this machine only', () => {
  const { services, volumes } = parse(read('compose.yml'));
  expect(services.bot).toMatchObject({
    build: '.',
    env_file: '.env',
    volumes: ['data:/app/data'],
    ports: [expect.stringMatching(/^127\.0\.0\.1:8787:8787$/)],
    cap_drop: ['ALL'],
  });
  expect(Object.keys(volumes)).toEqual(['data']);
});

describe('deploy/anime-bot.service', () => {
  const unit = read('deploy/anime-bot.service');
  const value = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1] ?? '';

  test('starts what npm start starts, as a user of its own, with time to stop in order', () => {
    const start = value('ExecStart')
      .replaceAll('/opt/anime-bot/', './')
      .replace('/usr/bin/env ', '')
      .replace(' --env-file=/etc/anime-bot.env', '');
    expect(start.replace(' ./src/node.ts', ' src/node.ts')).toBe(file.scripts['start']);
    expect(value('User')).toBe('anime-bot');
    expect(Number(value('TimeoutStopSec'))).toBeGreaterThan(20);
  });

  const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
  test.skipIf(!hasSystemd)('systemd understands every line', () => {
    const directory = mkdtempSync(join(tmpdir(), 'unit-'));
    try {
      const path = join(directory, 'anime-bot.service');
      writeFileSync(path, unit);
      const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', path], { encoding: 'utf8' });
      expect(stderr.split('\n').filter((line) => line.includes('anime-bot.service'))).toEqual([]);
    } finally {
      rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
    }
  });
});

test.each(['README.md', 'README.uz.md', 'CONTRIBUTING.md', 'docs/owners-guide.uz.md'])(
  '%s: no line is longer than 100 characters, but rows of tables, pictures and single words',
  (page) => {
    const long = read(page)
      .split('\n')
      .filter((line) => [...line].length > 100 && !/^\||^\s*<|^\S+$/.test(line));
    expect(long).toEqual([]);
  },
);

test('words of the trade are explained where the front page first has them', () => {
  const text = read('README.md');
  for (const word of ['workerd', 'manifest', 'drill']) {
    const at = text.search(new RegExp(`\\b${word}\\b`, 'i'));
    expect(text.slice(at, at + 120), word).toMatch(new RegExp(`^${word}[\`*]* \\([^)]{15,}\\)`, 'i'));
  }
});
