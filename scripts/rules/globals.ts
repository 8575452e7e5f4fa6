/**
 * Where a package may touch the world: time, chance, timers, files, sockets, threads, the process.
 *
 * Everything else is handed port objects, or a simulator could not run it. The rule reads the
 * syntax tree with its scopes, so a comment, a string, a property or a local variable of the same
 * name does not trip it.
 */
import { builtinModules } from 'node:module';
import ts from 'typescript';
import { importsOf } from './imports.ts';
import { type Fault, fault, type Source } from './sources.ts';

/** The only files of packages/ that may do so, each for its reason. */
const ALLOWED = [
  // The system's clock.
  /^packages\/clock\/src\/system\.ts$/,
  // The file system of Node.
  /^packages\/storage\/src\/node([-/][\w/-]+)?\.ts$/,
  // The socket file of a transport.
  /^packages\/transport-\w+\/src\/([\w-]+-)?socket\.ts$/,
  // The worker entry of an engine.
  /^packages\/storage-\w+\/src\/(\w+\/)?([\w-]+-)?worker\.ts$/,
  // The simulator lets promises settle between two events, and keeps hosted code from the globals.
  /^packages\/sim\/src\/kernel\/(scheduler|real-world)\.ts$/,
  // Its runner over worker threads, their program, its face to vitest (environment and files), and
  // the loop that kills real processes.
  /^packages\/sim\/src\/(workers|worker|vitest|kill-loop)\.ts$/,
  // Diagnostics channels, asked for at run time so that bundles for browsers hold nothing of them.
  /^packages\/[\w-]+\/src\/([\w-]+\/)?diagnostics\.ts$/,
  // What runs as a program.
  /^packages\/[\w-]+\/src\/bin(\/[\w-]+)?\.ts$/,
];

/** Functions of Node that only compute: the same result for the same arguments, and no effect. */
const PURE: Record<string, readonly string[]> = {
  'node:buffer': ['Buffer', 'isUtf8'],
  'node:crypto': ['createHash', 'createHmac', 'timingSafeEqual'],
  'node:worker_threads': ['markAsUntransferable'],
  'node:zlib': ['deflateRawSync', 'inflateRawSync'],
};

const FORBIDDEN = new Set([
  ...['performance', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'],
  ...['requestAnimationFrame', 'requestIdleCallback', 'scheduler', 'crypto', 'randomUUID'],
  ...['process', 'globalThis', 'window', 'require', 'fetch', 'WebSocket', 'EventSource'],
  ...['XMLHttpRequest', 'Worker', 'SharedWorker', 'MessageChannel', 'BroadcastChannel'],
  ...['localStorage', 'sessionStorage', 'indexedDB', 'navigator', 'eval'],
]);

const CALENDAR = new Set(['UTC', 'parse', 'prototype']);

export function mayTouchGlobals(file: string): boolean {
  return ALLOWED.some((pattern) => pattern.test(file));
}

/** Every use of the outside world in `source`. */
export function globalsUsed(source: Source): Fault[] {
  const builtins = importsOf(source)
    .filter(({ specifier, typeOnly }) => !typeOnly && isBuiltin(specifier))
    .filter(({ specifier, names }) => !names?.every((name) => PURE[specifier]?.includes(name)))
    .map(({ specifier, position }) => fault(source, position, `imports ${specifier}`));
  return [...builtins, ...globalReferences(source)];
}

function isBuiltin(specifier: string): boolean {
  return specifier.startsWith('node:') || builtinModules.includes(specifier);
}

function globalReferences(source: Source): Fault[] {
  const { tree, checker } = bind(source);
  const faults: Fault[] = [];
  const visit = (node: ts.Node): void => {
    // What stands in a type is gone when the program runs; `extends X` is not a type.
    if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return;
    if (ts.isIdentifier(node) && isReference(node) && isGlobal(node, checker)) {
      const use = forbiddenUse(node);
      if (use) faults.push(fault(source, node.getStart(tree), `uses ${use}`));
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return faults;
}

/** Binds the file's own names, and no library's: what then stays unresolved is global. */
function bind({ file, text }: Source): { tree: ts.SourceFile; checker: ts.TypeChecker } {
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const program = ts.createProgram({
    rootNames: [file],
    options: { noLib: true, noResolve: true, types: [], target: ts.ScriptTarget.Latest },
    host: {
      ...ts.createCompilerHost({}),
      getSourceFile: (name) => (name === file ? tree : undefined),
      fileExists: (name) => name === file,
      readFile: () => undefined,
    },
  });
  return { tree, checker: program.getTypeChecker() };
}

/** Whether the identifier stands for a value, and does not merely name a property or a binding. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isBindingElement(parent)) return parent.initializer === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  if (ts.isImportSpecifier(parent) || ts.isImportClause(parent)) return false;
  if (ts.isNamespaceImport(parent) || ts.isLabeledStatement(parent)) return false;
  const { name } = parent as ts.Node & { name?: ts.Node };
  return name !== node || ts.isShorthandPropertyAssignment(parent) || ts.isExportSpecifier(parent);
}

function isGlobal(node: ts.Identifier, checker: ts.TypeChecker): boolean {
  if (node.text === 'globalThis') return true;
  const symbol = ts.isShorthandPropertyAssignment(node.parent)
    ? checker.getShorthandAssignmentValueSymbol(node.parent)
    : checker.getSymbolAtLocation(node);
  return (symbol?.declarations ?? []).length === 0;
}

function forbiddenUse(node: ts.Identifier): string | undefined {
  const { text, parent } = node;
  const member =
    ts.isPropertyAccessExpression(parent) && parent.expression === node
      ? parent.name.text
      : undefined;
  switch (text) {
    case 'Date': {
      const given = ts.isNewExpression(parent) && (parent.arguments?.length ?? 0) > 0;
      if (given || (member !== undefined && CALENDAR.has(member))) return undefined;
      if (ts.isBinaryExpression(parent)) return undefined; // instanceof
      return member ? `Date.${member}` : 'the current Date';
    }
    case 'Math':
      if (member === undefined) return 'Math other than by one of its members';
      return member === 'random' && !isDefault(parent) ? 'Math.random' : undefined;
    case 'AbortSignal':
      if (ts.isBinaryExpression(parent)) return undefined; // instanceof
      return member === undefined || member === 'timeout' ? 'AbortSignal.timeout' : undefined;
    default:
      return FORBIDDEN.has(text) && !isDiagnostics(node) ? text : undefined;
  }
}

/** `random = Math.random`: the caller may hand in another, and the simulator does. */
function isDefault(node: ts.Node): boolean {
  const { parent } = node;
  return (ts.isParameter(parent) || ts.isBindingElement(parent)) && parent.initializer === node;
}

/**
 * Diagnostics reach their channel by `globalThis.process?.getBuiltinModule?.(...)`, so that a
 * bundle for browsers holds nothing of it.
 */
function isDiagnostics(node: ts.Identifier): boolean {
  let callee: ts.Node = node;
  while (ts.isPropertyAccessExpression(callee.parent)) callee = callee.parent;
  const call = callee.parent;
  if (!ts.isCallExpression(call) || call.expression !== callee) return false;
  const [argument] = call.arguments;
  if (!argument || !ts.isStringLiteral(argument)) return false;
  return (
    /^(globalThis\.)?process(\?\.|\.)getBuiltinModule$/.test(callee.getText()) &&
    argument.text === 'node:diagnostics_channel'
  );
}
