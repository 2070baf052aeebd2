/**
 * The Worker's version of cron-pattern.ts, without the parser: a Worker reads no schedule, and that
 * saves 10 KiB of its bundle. Cloudflare fires by wrangler.toml, and `npm run deploy` compares that
 * with BACKUP_CRON.
 */
export function cronProblem(pattern: string): string | undefined {
  return /^\S+(\s+\S+){4,5}$/.test(pattern) ? undefined : 'must be a schedule of five fields, like 0 2 * * *';
}
