import { expect, test } from 'vitest';
import { whyBase } from '../../../src/backup/changes/base-reason.ts';

test('every reason that shipping writes has words for people; a newer program’s stays as it is', () => {
  const reasons = 'new restore import replaced fork schema spoilt lost off large key unread sealed'.split(
    ' ',
  );
  for (const reason of reasons) expect(whyBase(reason), reason).toMatch(/ .* /);
  expect(whyBase('constructor')).toBe('constructor');
});
