/**
 * Names that were meant to be a setting and are none; and no alarm for what a usual environment
 * holds.
 */
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ConfigError, type Environment, readConfig } from '../../src/settings/config.ts';
import { nearMisses, SETTING_NAMES, tellNearMiss } from '../../src/settings/setting-names.ts';

const told = (...names: string[]): string[] => nearMisses(names).map(tellNearMiss);

/**
 * From a Debian shell, a desktop, GitHub Actions, Docker, Kubernetes, Heroku, and other programs'
 * settings.
 */
const USUAL =
  `PATH HOME USER LOGNAME SHELL SHLVL PWD OLDPWD LANG LANGUAGE LC_ALL LC_CTYPE TERM TERM_PROGRAM COLORTERM LS_COLORS
  EDITOR VISUAL PAGER MAIL HOSTNAME HOSTTYPE HOSTALIASES OSTYPE TMPDIR TZ DISPLAY WAYLAND_DISPLAY XDG_RUNTIME_DIR XDG_SESSION_ID
  DBUS_SESSION_BUS_ADDRESS SSH_AUTH_SOCK SSH_CLIENT SSH_TTY SUDO_USER INVOCATION_ID JOURNAL_STREAM NOTIFY_SOCKET LISTEN_FDS
  NODE NODE_ENV NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS NODE_TLS_REJECT_UNAUTHORIZED NVM_DIR NVM_BIN INIT_CWD COLOR
  npm_command npm_config_cache npm_config_offline npm_config_user_agent npm_config_loglevel npm_lifecycle_event npm_package_name
  npm_node_execpath npm_execpath npm_config_port HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy no_proxy ALL_PROXY SSL_CERT_FILE
  CI GITHUB_TOKEN GITHUB_ACTIONS GITHUB_REPOSITORY GITHUB_WEBHOOK_SECRET GITHUB_API_URL GH_TOKEN GIT_TOKEN NPM_TOKEN JWT_TOKEN
  RUNNER_TEMP CLOUDFLARE_API_TOKEN CLOUDFLARE_ACCOUNT_ID CF_API_TOKEN AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION
  AWS_PROFILE AWS_ENDPOINT_URL_S3 GOOGLE_APPLICATION_CREDENTIALS AZURE_CLIENT_SECRET KUBERNETES_PORT KUBERNETES_SERVICE_HOST
  KUBERNETES_SERVICE_PORT DOCKER_HOST CONTAINER_NAME DYNO SLACK_BOT_TOKEN DISCORD_BOT_TOKEN DISCORD_TOKEN OPENAI_API_KEY
  DATABASE_NAME DATABASE_USER DATABASE_PASSWORD DATABASE_HOST DB_URL DB_HOST DB_PASSWORD PGHOST PGPORT PGUSER MYSQL_HOST
  REDIS_URL REDIS_HOST SMTP_HOST MAIL_HOST WEB_HOST SERVER_PORT SMTP_PORT POST PORTS SORT HOSTS ADMIN ADMIN_USER ADMIN_PASSWORD ADMIN_EMAIL PUBLIC_KEY
  PUBLIC_HTML SECRET_KEY API_KEY CHANNEL API_TOKEN ACCESS_TOKEN LOG_FILE LOG_DIR LOGS DEFAULT_REGION DEFAULT_USER LOCALE COPYFILE_DISABLE
  VITEST VITEST_MODE VITEST_POOL_ID VITEST_WORKER_ID TEST MODE DEV PROD SSR BASE_URL PROPERTY_SEED STAND_INS _`.split(
    /\s+/,
  );

describe('names that look like settings', () => {
  test.each([
    ['BOT_TOKN', 'BOT_TOKEN'],
    ['BOTTOKEN', 'BOT_TOKEN'],
    ['BOT_TOEKN', 'BOT_TOKEN'],
    ['OBT_TOKEN', 'BOT_TOKEN'],
    ['bot_token', 'BOT_TOKEN'],
    ['Bot_Token', 'BOT_TOKEN'],
    ['BOT-TOKEN', 'BOT_TOKEN'],
    ['BOT_TOKEN ', 'BOT_TOKEN'],
    ['BOT_TOKENS', 'BOT_TOKEN'],
    ['TELEGRAM_BOT_TOKEN', 'BOT_TOKEN'],
    ['TG_BOT_TOKEN', 'BOT_TOKEN'],
    ['TELEGRAM_TOKEN', 'BOT_TOKEN'],
    ['ADMIN_ID', 'ADMIN_IDS'],
    ['CHANGS', 'CHANGES'],
    ['CHANGE', 'CHANGES'],
    ['ADMINS', 'ADMIN_IDS'],
    ['PUBLIC_URI', 'PUBLIC_URL'],
    ['WEBHOOK_SECERT', 'WEBHOOK_SECRET'],
    ['WEB_HOOK_SECRET', 'WEBHOOK_SECRET'],
    ['DATABASE_URI', 'DATABASE_URL'],
    ['DATABSE_URL', 'DATABASE_URL'],
    ['S3_ACCES_KEY_ID', 'S3_ACCESS_KEY_ID'],
    ['S3_ENDPIONT', 'S3_ENDPOINT'],
    ['BACKUPS_DIR', 'BACKUP_DIR'],
    ['BACKUP_PASSPHRAS', 'BACKUP_PASSPHRASE'],
    ['BACKUP_KEEP_MONTHS', 'BACKUP_KEEP_MONTHLY'],
    ['BACKUP_SCHEDULE', undefined],
    ['S3_BUCKET_NAME', undefined],
    ['port', 'PORT'],
    ['Host', 'HOST'],
  ])('%s was meant to be %s', (name, meant) => {
    expect(nearMisses([...USUAL, name])).toEqual([{ name, meant }]);
  });

  test('Cyrillic letters that look Latin, and a mark that is not seen at all', () => {
    expect(nearMisses(['ВОТ_TOKEN', '\uFEFFBOT_TOKEN']).map(({ meant }) => meant)).toEqual([
      'BOT_TOKEN',
      'BOT_TOKEN',
    ]);
    expect(told('ВОТ_TOKEN', '\x1b[2JBOT_TOKEN').join()).not.toMatch(/[^\x20-\x7e]/);
  });

  test('the sentence names both', () => {
    expect(told('BOT_TOKN')).toEqual(['BOT_TOKN: did you mean BOT_TOKEN?']);
    expect(told('BACKUP_EVERY')).toEqual([
      'BACKUP_EVERY: no setting has this name; .env.example lists them all',
    ]);
  });

  test('another program’s name beside the right one is no slip; a slip beside it is', () => {
    expect(told('BOT_TOKEN', 'TELEGRAM_BOT_TOKEN')).toEqual([]);
    expect(told('BOT_TOKEN', 'BOT_TOKN')).toHaveLength(1);
  });

  test('no false alarm: settings themselves, and a usual environment', () => {
    expect(told(...SETTING_NAMES, ...USUAL)).toEqual([]);
    for (const name of USUAL) expect(told(name), name).toEqual([]);
  });

  test('every setting that is read is known, and the other way round', () => {
    const read = new Set<string>();
    const watched = (env: Environment): Environment =>
      new Proxy(env, {
        get(own, name) {
          read.add(String(name));
          return Reflect.get(own, name);
        },
      });
    // Without a bucket a directory is read, with half of one all of its names.
    for (const env of [{}, { S3_BUCKET: 'x' }, { COPY_S3_BUCKET: 'x' }]) {
      try {
        readConfig(watched(env), 'node');
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
      }
    }
    expect([...read].sort()).toEqual([...SETTING_NAMES].sort());
    const example = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');
    for (const name of SETTING_NAMES) expect(example).toMatch(new RegExp(`^# ${name}=`, 'm'));
  });

  test.each(['README.md', 'README.uz.md'])('the table of %s has a row for every setting', (page) => {
    const text = readFileSync(new URL(`../../${page}`, import.meta.url), 'utf8');
    const cells = [...text.matchAll(/^\| ([A-Z][A-Z0-9_, /]*) \|/gm)].map(([, cell = '']) => cell);
    const names = cells.flatMap((cell) => cell.match(/\w+/g) ?? []);
    expect(names.toSorted()).toEqual([...SETTING_NAMES].sort());
  });

  test('a line of .env.example with its # taken away sets what it shows, and no comment', () => {
    const example = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');
    const env = parseEnv(example.replaceAll(/^# (?=[A-Z][A-Z0-9_]+=)/gm, ''));
    expect(Object.keys(env).sort()).toEqual([...SETTING_NAMES].sort());
    const { BACKUP_RETENTION_DAYS: _, ...set } = env;
    expect(() => readConfig({ ...set, BOT_TOKEN: `1:${'A'.repeat(35)}` }, 'node')).not.toThrow();
  });
});
