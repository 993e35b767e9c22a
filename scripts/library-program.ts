import path from 'node:path';
import ts from 'typescript';

/** The TypeScript compiler's view of what `root/lib/index.ts` exports. */
export function openLibrary(root: string): { checker: ts.TypeChecker; module: ts.Symbol } {
  const entry = path.join(root, 'lib', 'index.ts');
  const program = ts.createProgram([entry], {
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    skipLibCheck: true,
    noEmit: true,
  });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(entry);
  const module = source && checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${entry} has no exports`);
  return { checker, module };
}
