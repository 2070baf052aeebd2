#!/usr/bin/env node
/** `npm run backup -- <command>`. Node only. */
import { existsSync } from 'node:fs';
import process from 'node:process';
import { runCli } from './program.ts';

if (existsSync('.env')) process.loadEnvFile('.env');
process.exitCode = await runCli(process.argv.slice(2), process.env);
