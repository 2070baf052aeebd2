#!/usr/bin/env node
/** `npm run backup -- <command>`. Node only. */
import { enableCompileCache } from 'node:module';
import process from 'node:process';

// People's data: new files are for this user alone (0600, directories 0700).
process.umask(0o077);
// Before anything large is loaded: the second start takes half as long.
enableCompileCache();
const { environmentNotes } = await import('../settings/dot-env.ts');
try {
  for (const note of environmentNotes()) console.error(`note: ${note}`);
  const { runCli } = await import('./program.ts');
  process.exitCode = await runCli(process.argv.slice(2), process.env);
} catch (error) {
  const { ConfigError } = await import('../settings/config.ts');
  const { sentenceOf } = await import('../lib/surprise.ts');
  console.error(error instanceof ConfigError ? error.message : `error: ${sentenceOf(error)}`);
  // As for a wrong setting (command.ts).
  process.exitCode = error instanceof ConfigError ? 2 : 1;
}
