/** What a module asks for from elsewhere, however it spells it. */
import ts from 'typescript';
import type { Source } from './sources.ts';

export interface Import {
  readonly specifier: string;
  /** Only types: nothing of it is left when the program runs. */
  readonly typeOnly: boolean;
  /** What is imported by name; undefined for all the rest: a default, a namespace, a call. */
  readonly names: readonly string[] | undefined;
  readonly position: number;
}

export function importsOf({ file, text }: Source): Import[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: Import[] = [];
  const visit = (node: ts.Node): void => {
    const asked = askedBy(node);
    if (asked) {
      const { specifier, typeOnly } = asked;
      const position = specifier.getStart(source);
      found.push({ specifier: specifier.text, typeOnly, names: namesIn(node), position });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function askedBy(node: ts.Node): { specifier: ts.StringLiteral; typeOnly: boolean } | undefined {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    return { specifier: node.moduleSpecifier, typeOnly: importsTypesOnly(node.importClause) };
  }
  if (
    ts.isExportDeclaration(node) &&
    node.moduleSpecifier &&
    ts.isStringLiteral(node.moduleSpecifier)
  ) {
    return { specifier: node.moduleSpecifier, typeOnly: exportsTypesOnly(node) };
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    const { literal } = node.argument;
    return ts.isStringLiteral(literal) ? { specifier: literal, typeOnly: true } : undefined;
  }
  const [argument] = ts.isCallExpression(node) ? node.arguments : [];
  if (ts.isCallExpression(node) && argument && ts.isStringLiteralLike(argument)) {
    const callee = node.expression;
    const dynamic = callee.kind === ts.SyntaxKind.ImportKeyword;
    const required = ts.isIdentifier(callee) && callee.text === 'require';
    if (dynamic || required) return { specifier: argument as ts.StringLiteral, typeOnly: false };
  }
  return undefined;
}

function importsTypesOnly(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const named = clause.namedBindings;
  if (clause.name || !named || !ts.isNamedImports(named) || named.elements.length === 0)
    return false;
  return named.elements.every(({ isTypeOnly }) => isTypeOnly);
}

function exportsTypesOnly({ isTypeOnly, exportClause }: ts.ExportDeclaration): boolean {
  if (isTypeOnly) return true;
  if (!exportClause || !ts.isNamedExports(exportClause)) return false;
  return exportClause.elements.every((element) => element.isTypeOnly);
}

function namesIn(node: ts.Node): string[] | undefined {
  if (!ts.isImportDeclaration(node) || node.importClause?.name) return undefined;
  const named = node.importClause?.namedBindings;
  if (!named || !ts.isNamedImports(named)) return undefined;
  return named.elements
    .filter(({ isTypeOnly }) => !isTypeOnly)
    .map(({ name, propertyName }) => (propertyName ?? name).text);
}
