/** Buttons below a message, each by the action that it asks for. */
import { InlineKeyboard } from 'grammy';
import type { Texts } from '../locales/index.ts';
import { type Action, encodeAction } from './callback-data.ts';

export class Keyboard extends InlineKeyboard {
  button(label: string, action: Action): this {
    return this.text(label, encodeAction(action));
  }

  /** A button that ends its row. */
  last(label: string, action: Action): this {
    return this.button(label, action).row();
  }

  /** A row to what stands before and behind, with a label between them; no row where neither is. */
  turns(
    { viewer }: Texts,
    turns: {
      readonly left?: Action | undefined;
      readonly label?: string;
      readonly right?: Action | undefined;
    },
  ): this {
    if (turns.left === undefined && turns.right === undefined) return this;
    if (turns.left !== undefined) this.button(viewer.left(), turns.left);
    if (turns.label !== undefined) this.button(turns.label, { kind: 'label' });
    if (turns.right !== undefined) this.button(viewer.right(), turns.right);
    return this.row();
  }

  /** The same for pages, 0-based; with a label where their number is known. */
  pages(
    t: Texts,
    { page, pages, hasNext }: { readonly page: number; readonly pages?: number; readonly hasNext: boolean },
    turnTo: (page: number) => Action,
  ): this {
    return this.turns(t, {
      left: page > 0 ? turnTo(page - 1) : undefined,
      ...(pages !== undefined && { label: t.viewer.pageOf(page + 1, pages) }),
      right: hasNext ? turnTo(page + 1) : undefined,
    });
  }
}
