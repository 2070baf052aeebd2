/**
 * Everything that speaks SQL over HTTP, against the hosted service's refusals and its wrong counts.
 */
import { onServer } from '../support/server-kind.ts';
import { runAgain } from '../support/suites.ts';

onServer({ hosted: true, affectedRows: 'zero' });
runAgain({
  migrate: () => import('../db/migrate.test.ts'),
  snapshot: () => import('../backup/snapshot/exactness.test.ts'),
  'backup run': () => import('../backup/remote-run.test.ts'),
  restore: () => import('../backup/restore/swap-server.test.ts'),
  cli: () => import('../cli/remote.test.ts'),
});
