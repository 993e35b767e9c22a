import ts from 'typescript';
import { openLibrary } from './library-program.js';

/** The names that each function which takes options knows: read from its types, under the name that its errors begin with. */
export function readOptionNames(root: string): ReadonlyMap<string, readonly string[]> {
  const { checker, module } = openLibrary(root);
  const found = new Map<string, Set<string>>();
  const visited = new Set<ts.Symbol>();

  const take = (name: string, signatures: readonly ts.Signature[]): void => {
    for (const parameter of signatures.flatMap((signature) => signature.parameters)) {
      if (parameter.name !== 'options') continue;
      const type = checker.getNonNullableType(checker.getTypeOfSymbol(parameter));
      for (const part of type.isUnion() ? type.types : [type]) {
        if ((part.flags & ts.TypeFlags.Object) === 0 || checker.isArrayType(part)) continue;
        if (part.getCallSignatures().length > 0 || part.getStringIndexType()) continue;
        const names = found.get(name) ?? new Set();
        for (const { name: option } of checker.getPropertiesOfType(part)) names.add(option);
        found.set(name, names);
      }
    }
  };
  const visit = (scope: ts.Symbol, prefix: string): void => {
    visited.add(scope);
    for (const exported of checker.getExportsOfModule(scope)) {
      const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
      const symbol = isAlias ? checker.getAliasedSymbol(exported) : exported;
      if ((symbol.flags & ts.SymbolFlags.ValueModule) !== 0) {
        if (!visited.has(symbol)) visit(symbol, `${prefix}${exported.name}.`);
        continue;
      }
      const node = symbol.valueDeclaration;
      if (node === undefined) continue;
      if ((symbol.flags & ts.SymbolFlags.Class) === 0) {
        const signatures = checker.getTypeOfSymbolAtLocation(symbol, node).getCallSignatures();
        // Errors name linalg's functions in full, others by their last name.
        take(prefix === 'linalg.' ? prefix + exported.name : exported.name, signatures);
      }
    }
  };
  visit(module, '');

  const tensor = checker.getExportsOfModule(module).find(({ name }) => name === 'Tensor');
  const declared =
    tensor && (tensor.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(tensor) : tensor);
  if (declared === undefined) throw new Error('there is no Tensor');
  for (const member of checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(declared))) {
    take(member.name, checker.getTypeOfSymbol(member).getCallSignatures());
  }
  const sorted = [...found].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(sorted.map(([name, names]) => [name, [...names].sort()]));
}

/** The text of lib/option-names.gen.ts: lists that are the same stand once. */
export function optionNamesText(names: ReadonlyMap<string, readonly string[]>): string {
  const lists = new Map<string, string[]>();
  for (const [op, options] of names) {
    const key = options.map((name) => `'${name}'`).join(', ');
    lists.set(key, [...(lists.get(key) ?? []), op]);
  }
  const rows = [...lists].map(([options, ops]) => `  [${JSON.stringify(ops.join(' '))}, [${options}]],`);
  return `// Made by "npm run gen:options" from the types of the exported functions: not to be edited.

const lists: readonly (readonly [ops: string, names: readonly string[]])[] = [
${rows.join('\n').replaceAll('"', "'")}
];

/** The options of each function that takes some, by the name in its errors. */
export const optionNames: ReadonlyMap<string, readonly string[]> = new Map(
  lists.flatMap(([ops, names]) => ops.split(' ').map((op) => [op, names] as const)),
);
`;
}
