/** The ways to break a source file: each mutant is one small change that a test should notice. */
import { parseSync } from 'oxc-parser';

export interface Mutant {
  /** Offsets into the source, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

const BINARY: Readonly<Record<string, string>> = {
  '===': '!==',
  '!==': '===',
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
};
const LOGICAL: Readonly<Record<string, string>> = { '&&': '||', '||': '&&' };

/** Every mutant of a file, in the order of the source. Types and imports have none. */
export function mutantsOf(path: string, source: string): Mutant[] {
  const { program, errors } = parseSync(path, source);
  if (errors.length > 0) throw new Error(`${path} does not parse: ${errors[0]?.message}`);
  const mutants: Mutant[] = [];
  visit(program, (node) => mutants.push(...mutate(node, source)));
  return mutants.toSorted((a, b) => a.start - b.start);
}

function mutate(node: Node, source: string): Mutant[] {
  const { start, end } = node;
  const text = source.slice(start, end);
  const left = asNode(node['left']);
  const right = asNode(node['right']);
  if (left !== undefined && right !== undefined) {
    const between = source.slice(left.end, right.start);
    const operator = String(node['operator']);
    const other = (node.type === 'LogicalExpression' ? LOGICAL : BINARY)[operator];
    if (other === undefined || node.type === 'AssignmentExpression') return [];
    const at = left.end + between.indexOf(operator);
    return [{ start: at, end: at + operator.length, replacement: other }];
  }
  const test = asNode(node['test']);
  if (test !== undefined && (node.type === 'IfStatement' || node.type === 'ConditionalExpression'))
    return [
      { start: test.start, end: test.end, replacement: 'true' },
      { start: test.start, end: test.end, replacement: 'false' },
    ];
  if (node.type === 'UnaryExpression' && node['operator'] === '!')
    return [{ start, end: start + 1, replacement: '' }];
  if (node.type === 'Literal' && (text === 'true' || text === 'false'))
    return [{ start, end, replacement: text === 'true' ? 'false' : 'true' }];
  if (node.type === 'ThrowStatement' || isCall(node)) return [{ start, end, replacement: ';' }];
  return [];
}

/** A statement that only calls: a test should miss its effect. */
function isCall(node: Node): boolean {
  if (node.type !== 'ExpressionStatement') return false;
  let expression = asNode(node['expression']);
  if (expression?.type === 'AwaitExpression') expression = asNode(expression['argument']);
  return expression?.type === 'CallExpression';
}

function visit(value: unknown, found: (node: Node) => void): void {
  if (Array.isArray(value)) for (const item of value) visit(item, found);
  const node = asNode(value);
  if (node === undefined || node.type.startsWith('TS') || node.type === 'ImportDeclaration') return;
  found(node);
  for (const child of Object.values(node)) if (typeof child === 'object') visit(child, found);
}

function asNode(value: unknown): Node | undefined {
  if (typeof value !== 'object' || value === null || !('type' in value)) return undefined;
  return typeof value.type === 'string' ? (value as Node) : undefined;
}
