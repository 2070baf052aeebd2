/**
 * The bot on a server that counts affected rows wrongly (libsql-client-ts#312): nothing is decided
 * by that count.
 */
import { onServer } from '../support/server-kind.ts';
import { runAgain } from '../support/suites.ts';

onServer({ hosted: true, affectedRows: 'zero' });
runAgain({
  tick: () => import('../jobs/tick.test.ts'),
  receive: () => import('../bot/receive.test.ts'),
  chats: () => import('../admin/chats.test.ts'),
  edit: () => import('../admin/edit.test.ts'),
  'add anime': () => import('../admin/add-anime.test.ts'),
  system: () => import('../admin/system.test.ts'),
  following: () => import('../viewer/following.test.ts'),
});
