/** What runs in a process of its own. A task is loaded only where it runs. */

/** What a running task may say to whoever waits for it. */
export interface TaskContext<Message = never> {
  /** Resolves with the answer when the message was taken: a task cannot run ahead of its reader. */
  send(message: Message): Promise<unknown>;
}

/** Input, messages and result are plain values (structured clone); errors keep their kind. */
export type Task<Input, Result, Message = never> = (
  input: Input,
  context: TaskContext<Message>,
) => Promise<Result> | Result;

/** The tasks by name. Each room adds its own; `../tasks.ts` says where the child finds them. */
// biome-ignore lint/suspicious/noEmptyInterface: rooms add to it.
export interface Tasks {}

export type TaskName = keyof Tasks;
type TaskOf<Name extends TaskName> = Tasks[Name];
export type InputOf<Name extends TaskName> = Parameters<TaskOf<Name>>[0];
export type ResultOf<Name extends TaskName> = Awaited<ReturnType<TaskOf<Name>>>;
export type MessageOf<Name extends TaskName> =
  TaskOf<Name> extends Task<never, unknown, infer Message> ? Message : never;
