/**
 * The texts of a catalogue as its file has them: every branch of every text, without calling any.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';
import { LOCALE_NAMES } from '../../src/settings/config.ts';

export const LOCALES = fileURLToPath(new URL('../../src/locales', import.meta.url));

/** File names of the languages, Uzbek first: it is the source of the others. */
export const LANGUAGES = ['uz', 'uz-cyrl', 'ru', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

/** One string or template; a template inside another is a text of its own. */
export interface Said {
  /** The subject's folder and the key: `viewer follow`. */
  readonly where: string;
  /** Values stand by their names: `{facts.views}`; what is more than a name as `{}`. */
  readonly text: string;
}

export interface Catalogue {
  readonly texts: readonly Said[];
  /** Key -> the names it uses: its values and the properties it takes of them. */
  readonly names: ReadonlyMap<string, readonly string[]>;
}

/** The folders of src/locales that hold a catalogue. */
export function subjects(): readonly string[] {
  return readdirSync(LOCALES, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('/uz.ts'))
    .map((path) => path.slice(0, -'/uz.ts'.length))
    .sort();
}

export function textsIn(language: Language): readonly Said[] {
  return subjects().flatMap((subject) => readCatalogue(subject, language).texts);
}

export function readCatalogue(subject: string, language: Language): Catalogue {
  const path = join(LOCALES, subject, `${language}.ts`);
  const { program, errors } = parseSync(path, readFileSync(path, 'utf8'));
  if (errors.length > 0) throw new Error(`${path} does not parse: ${errors[0]?.message}`);
  const texts: Said[] = [];
  const names = new Map<string, readonly string[]>();
  for (const { key, value } of entriesOf(asNode(program))) {
    const found: Found = { texts: [], names: new Set() };
    collect(value, found);
    texts.push(...found.texts.map((text) => ({ where: `${subject} ${key}`, text })));
    names.set(key, [...found.names].sort());
  }
  return { texts, names };
}

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

interface Entry {
  readonly key: string;
  readonly value: Node;
}

interface Found {
  readonly texts: string[];
  readonly names: Set<string>;
}

/**
 * Functions and constants of the file, objects by their properties: `follow`, `refused.not-found`.
 */
function entriesOf(program: Node): readonly Entry[] {
  return listOf(program['body']).flatMap((statement) => {
    const declaration = isNode(statement['declaration']) ? statement['declaration'] : statement;
    if (declaration.type === 'FunctionDeclaration')
      return [{ key: nameOf(declaration['id']), value: asNode(declaration['body']) }];
    if (declaration.type !== 'VariableDeclaration') return [];
    return listOf(declaration['declarations']).flatMap((one) => {
      const name = nameOf(one['id']);
      return propertiesOf(asNode(one['init']), /^(?:uz|uzCyrl|ru|en)$/.test(name) ? '' : name);
    });
  });
}

function propertiesOf(node: Node, prefix: string): readonly Entry[] {
  if (node.type === 'TSAsExpression') return propertiesOf(asNode(node['expression']), prefix);
  if (node.type !== 'ObjectExpression') return [{ key: prefix, value: node }];
  return listOf(node['properties']).flatMap((property) => {
    if (property.type !== 'Property') return [];
    const name = nameOf(property['key']);
    return propertiesOf(asNode(property['value']), prefix === '' ? name : `${prefix}.${name}`);
  });
}

function collect(node: Node, found: Found): void {
  if (node.type.startsWith('TS') && !isNode(node['expression'])) return;
  if (node.type === 'Identifier') found.names.add(nameOf(node));
  const { value } = node;
  if (node.type === 'Literal' && typeof value === 'string' && !LOCALE_NAMES.some((name) => name === value))
    found.texts.push(value);
  // A comparison's words are the program's: `facts.kind === 'public'`.
  const isSaid = (child: Node): boolean => node.type !== 'BinaryExpression' || child.type !== 'Literal';
  if (node.type === 'TemplateLiteral') {
    const values = listOf(node['expressions']).map(placeOf);
    const pieces = listOf(node['quasis']).map((quasi) => cookedOf(quasi));
    found.texts.push(
      pieces.map((piece, i) => `${piece}${i < values.length ? `{${values[i]}}` : ''}`).join(''),
    );
  }
  for (const child of Object.values(node)) {
    for (const one of Array.isArray(child) ? child : [child])
      if (isNode(one) && isSaid(one)) collect(one, found);
  }
}

function cookedOf({ value }: Node): string {
  return typeof value === 'object' && value !== null && 'cooked' in value ? String(value.cooked) : '';
}

/** `facts.views` of such an expression, nothing of a longer one. */
function placeOf(node: Node): string {
  if (node.type === 'Identifier') return nameOf(node);
  if (node.type !== 'MemberExpression' || node['computed'] === true) return '';
  return `${placeOf(asNode(node['object']))}.${nameOf(node['property'])}`;
}

function nameOf(node: unknown): string {
  const { name, value } = asNode(node);
  return String(name ?? value);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}

function asNode(value: unknown): Node {
  if (!isNode(value)) throw new Error('not a part of a syntax tree');
  return value;
}

function listOf(value: unknown): readonly Node[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}
