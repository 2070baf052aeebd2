import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { fileWord, shellWord } from '../../src/lib/shell-word.ts';

const NAMES = [
  'anime.json',
  'a b.json',
  "it's.json",
  'say "so".json',
  'x.json; touch pwned;.json',
  '$(id).json',
  '`id`.json',
  'a|sh.json.gz',
  'a && b.json',
  'a\\b!c%d.json',
  'аниме – база.json',
  '',
];

test.each(NAMES)('a shell takes %j for one word', (name) => {
  const said = execFileSync('sh', ['-c', `printf '<%s>' ${shellWord(name)}`], { encoding: 'utf8' });
  expect(said).toBe(`<${name}>`);
});

test('what people can copy on every system stays in double quotes', () => {
  expect(shellWord('2026-11-28 14:31')).toBe('"2026-11-28 14:31"');
});

test('a file’s name is no option, and nothing that a screen does not show', () => {
  expect(fileWord('-y.json')).toBe('./-y.json');
  expect(fileWord('a\n.json')).toBe('FILE');
  expect(fileWord('a\u202egpj.json')).toBe('FILE');
  expect(fileWord('my base.json')).toBe('"my base.json"');
});
