import fc from 'fast-check';
import type { MessageEntity } from 'grammy/types';
import { describe, expect, it } from 'vitest';
import { parseHtml } from '../../../sim/telegram/parse-html.ts';
import { escapeHtml, renderHtml } from '../../../sim/telegram/render-html.ts';

/** Text as people write it: any Unicode, with a good share of what HTML trips over. */
const text = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('<', '>', '&', '"', '&amp;', '</b>', '&#60;', '😀'),
    ),
  )
  .map((parts) => parts.join(''));

describe('the HTML parser', () => {
  it('gives back any escaped text unchanged', () => {
    fc.assert(
      fc.property(text, (source) => {
        expect(parseHtml(escapeHtml(source))).toEqual({ text: source, entities: [] });
      }),
    );
  });

  it('gives back what renderHtml wrote: nested entities at the same places', () => {
    const tree = fc.letrec<{ node: string }>((tie) => ({
      node: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.string({ unit: 'grapheme', minLength: 1 }).map(escapeHtml),
        fc
          .tuple(fc.constantFrom('b', 'i', 'u', 's', 'tg-spoiler', 'blockquote'), tie('node'), tie('node'))
          .map(([tag, inside, after]) => `<${tag}>${inside}</${tag}>${after}`),
        tie('node').map((inside) => `<a href="https://example.com/?a=1&amp;b=&quot;">${inside}</a>`),
      ),
    })).node;
    fc.assert(
      fc.property(tree, (html) => {
        const parsed = parseHtml(html);
        const again = parseHtml(renderHtml(parsed));
        expect(again.text).toBe(parsed.text);
        const key = (entity: object): string => JSON.stringify(entity);
        expect(again.entities.map(key).sort()).toEqual(parsed.entities.map(key).sort());
      }),
    );
  });

  it('reads or refuses whatever it is given, and never breaks', () => {
    const scrap = fc.constantFrom(
      '<',
      '>',
      '/',
      '&',
      ';',
      '#',
      'x',
      '"',
      "'",
      '=',
      ' ',
      'b',
      'a href',
      'pre',
      'code',
      'é',
    );
    fc.assert(
      fc.property(fc.array(scrap, { maxLength: 30 }), (parts) => {
        try {
          const { text: read, entities } = parseHtml(parts.join(''));
          for (const { offset, length } of entities) expect(offset + length).toBeLessThanOrEqual(read.length);
        } catch (error) {
          expect(error).toMatchObject({
            status: 400,
            message: expect.stringContaining("can't parse entities: "),
          });
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('writes overlapping entities as well-formed HTML', () => {
    const place = fc.tuple(
      fc.nat(20),
      fc.integer({ min: 1, max: 20 }),
      fc.constantFrom('bold', 'italic', 'code', 'spoiler'),
    );
    fc.assert(
      fc.property(
        fc.string({ minLength: 40, maxLength: 40, unit: 'binary-ascii' }),
        fc.array(place),
        (source, places) => {
          const entities = places.map(
            ([offset, length, type]) => ({ type, offset, length }) as MessageEntity,
          );
          expect(parseHtml(renderHtml({ text: source, entities })).text).toBe(source);
        },
      ),
    );
  });

  it.each([
    ['<b>a</b>', [{ type: 'bold', offset: 0, length: 1 }]],
    [
      '<strong>a</strong> <em>b</em>',
      [
        { type: 'bold', offset: 0, length: 1 },
        { type: 'italic', offset: 2, length: 1 },
      ],
    ],
    ['😀<i>a</i>', [{ type: 'italic', offset: 2, length: 1 }]],
    [
      '<a href="https://t.me/x?start=1_2">a</a>',
      [{ type: 'text_link', offset: 0, length: 1, url: 'https://t.me/x?start=1_2' }],
    ],
    ['<a href="nonsense">a</a>', []],
    ['<blockquote expandable>a</blockquote>', [{ type: 'expandable_blockquote', offset: 0, length: 1 }]],
    [
      '<pre><code class="language-ts">a</code></pre>',
      [{ type: 'pre', offset: 0, length: 1, language: 'ts' }],
    ],
    ['<code class="language-ts">a</code>', [{ type: 'code', offset: 0, length: 1 }]],
    ['<span class="tg-spoiler">a</span>', [{ type: 'spoiler', offset: 0, length: 1 }]],
    ['<B >a</B >', [{ type: 'bold', offset: 0, length: 1 }]],
    ['<b></b>a', []],
    ['<b>a</>', [{ type: 'bold', offset: 0, length: 1 }]],
  ])('reads %s', (html, entities) => {
    expect(parseHtml(html).entities).toEqual(entities);
  });

  it.each([
    ['&lt;&gt;&amp;&quot;', '<>&"'],
    ['&#33;&#x21;&#128512;', '!!😀'],
    ['&nbsp;&copy;', '&nbsp;&copy;'],
    ['a & b', 'a & b'],
    ['&constructor;', '&constructor;'],
    ['&#0;', '&#0;'],
  ])('decodes %s', (html, decoded) => {
    expect(parseHtml(html).text).toBe(decoded);
  });

  it.each([
    ['<p>a</p>', 'Unsupported start tag "p" at byte offset 0'],
    ['ж<br>', 'Unsupported start tag "br" at byte offset 2'],
    ['1 < 2', 'Unsupported start tag "" at byte offset 2'],
    ['<b>a', 'Can\'t find end tag corresponding to start tag "b"'],
    ['<b><i>a</b></i>', 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'],
    ['a</b>', 'Unexpected end tag at byte offset 1'],
    ['<b', 'Unclosed start tag at byte offset 0'],
    ['<a href="x', 'Unclosed start tag at byte offset 0'],
    ['<b>a</b', 'Unclosed end tag at byte offset 4'],
    ['<span>a</span>', 'Tag "span" must have class "tg-spoiler" at byte offset 0'],
    ['<a ="x">a</a>', 'Empty attribute name in the tag "a" at byte offset 0'],
    ['<a href=x/y>a</a>', 'Unexpected end of name token at byte offset 8'],
  ])('refuses %s', (html, why) => {
    expect(() => parseHtml(html)).toThrow(`Bad Request: can't parse entities: ${why}`);
  });
});
