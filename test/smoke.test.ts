import { expect, test } from 'vitest';
test('node 24', () => expect(process.version).toMatch(/^v24/));
