import path from 'node:path';
import ts from 'typescript';
import { openLibrary } from '../library-program.js';
import { Describer } from './describe.js';
import type { Item, Member } from './model.js';

/** What `root/lib/index.ts` exports, namespaces included; one item for each declaration, whatever its names. */
export function readApi(root: string): Item[] {
  const { checker, module } = openLibrary(root);

  const names = new Map<ts.Symbol, string[]>();
  collect(checker, module, '', names);
  const describer = new Describer(checker, path.join(path.resolve(root), 'lib'));
  return [...names].flatMap(([symbol, paths]) => itemOf(describer, root, names, symbol, paths) ?? []);
}

function collect(
  checker: ts.TypeChecker,
  module: ts.Symbol,
  prefix: string,
  names: Map<ts.Symbol, string[]>,
): void {
  for (const exported of checker.getExportsOfModule(module)) {
    const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
    const symbol = isAlias ? checker.getAliasedSymbol(exported) : exported;
    const name = prefix + exported.name;
    if ((symbol.flags & ts.SymbolFlags.ValueModule) !== 0) collect(checker, symbol, `${name}.`, names);
    else names.set(symbol, [...(names.get(symbol) ?? []), name]);
  }
}

function itemOf(
  describer: Describer,
  root: string,
  exported: ReadonlyMap<ts.Symbol, unknown>,
  symbol: ts.Symbol,
  names: readonly string[],
): Item | undefined {
  const node = symbol.valueDeclaration;
  if (node === undefined || describer.isInternal(symbol)) return undefined;
  const { checker } = describer;
  const type = checker.getTypeOfSymbolAtLocation(symbol, node);
  const isClass = (symbol.flags & ts.SymbolFlags.Class) !== 0;
  const signatures = isClass ? ownConstructors(describer, type, node) : type.getCallSignatures();
  return {
    kind: isClass ? 'class' : signatures.length > 0 ? 'function' : 'constant',
    names,
    file: path.relative(root, node.getSourceFile().fileName).split(path.sep).join('/'),
    comment: describer.comment(symbol),
    signatures: signatures.map((one) => describer.signature(one)),
    options: describer.optionsOf(signatures),
    results: isClass ? [] : describer.resultsOf(signatures),
    type: signatures.length > 0 || isClass ? undefined : describer.typeText(type),
    members: isClass ? membersOf(describer, exported, symbol) : [],
  };
}

/** Constructors that may be called, inherited ones included, but not those of Error and the like. */
function ownConstructors(describer: Describer, type: ts.Type, node: ts.Declaration): readonly ts.Signature[] {
  if ((ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Abstract) !== 0) return [];
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  return type.getConstructSignatures().filter((one) => {
    const declared = one.getDeclaration() as ts.SignatureDeclaration | undefined;
    if (declared === undefined) return true;
    return describer.isOurs(declared) && (ts.getCombinedModifierFlags(declared) & hidden) === 0;
  });
}

/** The nearest bases of a class that are exported: those between have no page of their own. */
function exportedBases(
  checker: ts.TypeChecker,
  exported: ReadonlyMap<ts.Symbol, unknown>,
  type: ts.Type,
): ts.Type[] {
  return (checker.getBaseTypes(type as ts.InterfaceType) ?? []).flatMap((base) => {
    const symbol = base.getSymbol();
    if (symbol === undefined || (symbol.flags & ts.SymbolFlags.Class) === 0) return [];
    return exported.has(symbol)
      ? [base]
      : exportedBases(checker, exported, checker.getDeclaredTypeOfSymbol(symbol));
  });
}

/**
 * The public members of a class, of interfaces that are merged with it, and of bases that are not exported; of those of an
 * exported base `forward` alone.
 */
function membersOf(
  describer: Describer,
  exported: ReadonlyMap<ts.Symbol, unknown>,
  symbol: ts.Symbol,
): Member[] {
  const { checker } = describer;
  const type = checker.getDeclaredTypeOfSymbol(symbol);
  const inherited = new Set(
    exportedBases(checker, exported, type)
      .flatMap((base) => checker.getPropertiesOfType(base))
      .map((one) => one.name),
  );
  return checker
    .getPropertiesOfType(type)
    .filter((one) => !describer.isInternal(one) && (!inherited.has(one.name) || one.name === 'forward'))
    .map((one): Member => {
      const node = one.valueDeclaration ?? one.declarations?.[0];
      const own =
        node === undefined ? checker.getTypeOfSymbol(one) : checker.getTypeOfSymbolAtLocation(one, node);
      const signatures = (one.flags & ts.SymbolFlags.Method) === 0 ? [] : own.getCallSignatures();
      return {
        name: one.name,
        comment: describer.comment(one),
        signatures: signatures.map((each) => describer.signature(each)),
        options: describer.optionsOf(signatures),
        results: describer.resultsOf(signatures),
        type: signatures.length > 0 ? undefined : describer.typeOf(one),
      };
    });
}
