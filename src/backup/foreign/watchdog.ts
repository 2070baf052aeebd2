/**
 * A thread beside a task, whose own thread may be inside SQLite for a minute and hear nothing. It
 * ends the process when that takes too much time or memory (V8's own limits do not see SQLite's
 * memory), or when its parent is gone.
 */
import process from 'node:process';
import { workerData } from 'node:worker_threads';
import { removeOrphaned } from './orphan.ts';
import { MEMORY_SIGNAL, TIME_SIGNAL, type Watch } from './protocol.ts';

/** SQLite can take some 100 MB in this time. */
const EVERY_MS = 50;

const watch: Watch = workerData;
setInterval(() => {
  if (removeOrphaned(watch)) process.kill(process.pid, 'SIGKILL');
  const { memory, cpuMs } = watch;
  if (memory !== null && process.memoryUsage.rss() > memory) process.kill(process.pid, MEMORY_SIGNAL);
  const { user, system } = process.cpuUsage();
  if (cpuMs !== null && (user + system) / 1_000 > cpuMs) process.kill(process.pid, TIME_SIGNAL);
}, EVERY_MS);
