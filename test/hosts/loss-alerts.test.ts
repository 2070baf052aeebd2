/** The owners hear once that the database file is lost, also from a run that met it. */
import { expect, test } from 'vitest';
import { withoutEcho } from '../../src/hosts/node/loss-alerts.ts';

test('only the first failure after a loss is kept back', async () => {
  const told: string[] = [];
  let isLost = false;
  const alert = withoutEcho(
    () => isLost,
    async ({ message }) => void told.push(message),
  );
  await alert({ kind: 'failed', message: 'before' });
  isLost = true;
  await alert({ kind: 'problem', message: 'of another kind' });
  await alert({ kind: 'failed', message: 'the run that met it' });
  await alert({ kind: 'failed', message: 'the next night' });
  expect(told).toEqual(['before', 'of another kind', 'the next night']);
});
