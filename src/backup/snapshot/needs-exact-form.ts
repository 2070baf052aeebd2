/** A value came that the quick form of the rows can not carry; row-form.ts. */
export class NeedsExactForm extends Error {
  override readonly name = 'NeedsExactForm';
}
