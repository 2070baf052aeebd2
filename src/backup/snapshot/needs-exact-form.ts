/** The quick form of the rows cannot carry a value; see row-form.ts. */
export class NeedsExactForm extends Error {
  override readonly name = 'NeedsExactForm';
}
