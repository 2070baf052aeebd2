/** The person at the terminal ended the work: Ctrl-C, or a signal. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly isFinal = true;
  constructor() {
    super('interrupted');
  }
}
