/** Said loudly wherever somebody sets up, starts or deploys a bot with a token and no admins. */
export const NO_ADMINS =
  'NO ADMINS: ADMIN_IDS is not set, so nobody can add anime, and nobody is told when a backup fails. Run npm run setup (it can take your id from a /start), or put your Telegram id into ADMIN_IDS.';
