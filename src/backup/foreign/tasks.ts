/** What runs in a process of its own. A task is loaded only where it runs. */

/** What a running task may say to whoever waits for it. */
export interface TaskContext<Message = never> {
  /** Resolves when the message was taken: a task cannot run ahead of its reader. */
  send(message: Message): Promise<void>;
}

/** Input, messages and result are plain values (structured clone); errors keep their kind (errors.ts). */
export type Task<Input, Result, Message = never> = (
  input: Input,
  context: TaskContext<Message>,
) => Promise<Result> | Result;

export const TASKS = {
  ask: async () => (await import('../snapshot/ask-task.ts')).askTask,
  vacuum: async () => (await import('../snapshot/vacuum-task.ts')).vacuumTask,
  check: async () => (await import('../verify/check-file.ts')).checkTask,
  prepare: async () => (await import('../restore/prepare-task.ts')).prepareTask,
  settle: async () => (await import('../restore/settle-task.ts')).settleTask,
  carry: async () => (await import('../restore/settle-task.ts')).carryTask,
  only: async () => (await import('../restore/only-tables-task.ts')).onlyTask,
  digest: async () => (await import('../verify/file-digests.ts')).digestTask,
  diff: async () => (await import('../verify/database-diff.ts')).diffTask,
  load: async () => (await import('../document/load-document.ts')).loadTask,
  records: async () => (await import('../import/records-task.ts')).recordsTask,
  layout: async () => (await import('../import/map/layout-task.ts')).layoutTask,
  import: async () => (await import('../import/import-task.ts')).importTask,
  trial: async () => (await import('./trial-task.ts')).trialTask,
} as const;

export type TaskName = keyof typeof TASKS;
type TaskOf<Name extends TaskName> = Awaited<ReturnType<(typeof TASKS)[Name]>>;
export type InputOf<Name extends TaskName> = Parameters<TaskOf<Name>>[0];
export type ResultOf<Name extends TaskName> = Awaited<ReturnType<TaskOf<Name>>>;
export type MessageOf<Name extends TaskName> =
  TaskOf<Name> extends Task<never, unknown, infer Message> ? Message : never;
