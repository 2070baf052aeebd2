/**
 * Preloaded (`node --import`) into a real process: a file system without hard links, as FAT and
 * many network mounts are. `LINK_ERROR` is what it answers.
 */
import fs, { promises } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import process from 'node:process';

const refuse = (from: string, to: string): Error => {
  const code = process.env['LINK_ERROR'] ?? 'EPERM';
  return Object.assign(new Error(`${code}: link '${from}' -> '${to}'`), { code, syscall: 'link' });
};
promises.link = async (from, to) => {
  throw refuse(String(from), String(to));
};
fs.linkSync = (from, to) => {
  throw refuse(String(from), String(to));
};
syncBuiltinESMExports();
