/**
 * The Worker's twin of cron-pattern.ts, without the parser: 10 KiB of a bundle that has no schedule to read. Cloudflare fires what
 * wrangler.toml says, and `npm run deploy` compares that with BACKUP_CRON.
 */
export function cronProblem(pattern: string): string | undefined {
  return /^\S+(\s+\S+){4,5}$/.test(pattern) ? undefined : 'must be a schedule of five fields, like 0 2 * * *';
}
