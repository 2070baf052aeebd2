#!/usr/bin/env node
/** `npm run backup -- <command>`. Node only. */
import { existsSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import process from 'node:process';

// Before anything large is loaded: the second start takes half as long.
enableCompileCache();
if (existsSync('.env')) process.loadEnvFile('.env');
const { runCli } = await import('./program.ts');
process.exitCode = await runCli(process.argv.slice(2), process.env);
