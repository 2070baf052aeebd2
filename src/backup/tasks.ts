/** What runs in a process of its own, by name; loaded only where it runs (task-process.ts). */
import type { TaskName, Tasks } from './foreign/task.ts';

export const TASKS: { readonly [Name in TaskName]: () => Promise<Tasks[Name]> } = {
  ask: async () => (await import('./snapshot/ask-task.ts')).askTask,
  vacuum: async () => (await import('./snapshot/vacuum-task.ts')).vacuumTask,
  check: async () => (await import('./verify/check-file.ts')).checkTask,
  prepare: async () => (await import('./restore/prepare-task.ts')).prepareTask,
  copy: async () => (await import('./restore/copy-task.ts')).copyTask,
  settle: async () => (await import('./restore/settle-task.ts')).settleTask,
  carry: async () => (await import('./restore/settle-task.ts')).carryTask,
  replay: async () => (await import('./restore/replay-task.ts')).replayTask,
  row: async () => (await import('./restore/row-task.ts')).rowTask,
  only: async () => (await import('./restore/only-tables-task.ts')).onlyTask,
  digest: async () => (await import('./verify/file-digests.ts')).digestTask,
  words: async () => (await import('./verify/file-digests.ts')).wordsTask,
  diff: async () => (await import('./verify/database-diff.ts')).diffTask,
  load: async () => (await import('./verify/load-document.ts')).loadTask,
  records: async () => (await import('./import/records-task.ts')).recordsTask,
  layout: async () => (await import('./import/map/layout-task.ts')).layoutTask,
  import: async () => (await import('./import/import-task.ts')).importTask,
  trial: async () => (await import('./foreign/trial-task.ts')).trialTask,
};
