/**
 * A real browser for the page's tests and pictures: the machine's Chromium or Chrome (or the one
 * that CHROMIUM names), else Debian's, installed here where this user may.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
/** The page's letters and signs, the same on every machine. */
const FONTS = ['fonts-roboto-unhinted', 'fonts-noto-color-emoji'];

type Environment = Readonly<Record<string, string | undefined>>;

/** No browser is here, and none can be installed. */
export class NoBrowser extends Error {
  override readonly name = 'NoBrowser';
}

/** The program's path. @throws NoBrowser with why */
export function findChromium(env: Environment): string {
  const named = env['CHROMIUM'];
  if (named !== undefined && named !== '') return named;
  const find = (): string | undefined =>
    NAMES.flatMap((name) => (env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, name))).find(
      isProgram,
    );
  const found = find();
  if (found !== undefined) return found;
  installPackages(['chromium', ...FONTS], env);
  const installed = find();
  if (installed === undefined) throw new NoBrowser('chromium was installed and is not in PATH');
  return installed;
}

/**
 * Pictures need them; without them the machine's own letters show, and signs may be boxes. @throws
 * NoBrowser with why
 */
export function installFonts(env: Environment): void {
  // Without fontconfig nothing is listed.
  const { stdout } = spawnSync('fc-list', { encoding: 'utf8', env });
  if (!/Roboto/.test(stdout ?? '') || !/Noto Color Emoji/.test(stdout ?? '')) installPackages(FONTS, env);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function installPackages(packages: readonly string[], env: Environment): void {
  const isRoot = process.getuid?.() === 0;
  const apt = (...args: string[]): void => {
    const command = ['apt-get', '-qq', ...args];
    const [program = '', ...rest] = isRoot ? command : ['sudo', '-n', ...command];
    execFileSync(program, rest, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...env, DEBIAN_FRONTEND: 'noninteractive' },
      timeout: 300_000,
    });
  };
  try {
    apt('update');
    apt('install', '-y', '--no-install-recommends', ...packages);
  } catch (error) {
    const said = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new NoBrowser(
      `Debian's ${packages.join(', ')} cannot be installed (${said}): install a Chromium, or name one in CHROMIUM`,
    );
  }
}

/** The browser asks for nothing but the pages that it is told to open. */
export async function launchChromium(executablePath: string): Promise<Browser> {
  return await chromium.launch({
    executablePath,
    args: [
      // Root, as in containers, has no sandbox.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-quic',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--autoplay-policy=no-user-gesture-required',
    ],
  });
}
