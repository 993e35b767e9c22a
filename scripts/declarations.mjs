// Builds dist/types/: the declarations of lib/, file by file. One bundled file would be less to load, but a bundler writes a
// namespace as aliases (`declare const nn_Linear: typeof Linear`), for which an editor shows neither kind nor doc comment.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

// Of what the declarations name and an older `lib` or `types` of a project leaves out: Symbol.dispose.
const entry = `/// <reference lib="esnext.disposable" />\nexport * from './types/index.js';\n`;

/** Writes dist/types/, and index.d.ts for ESM and index.d.cts for CommonJS on top of it: both have the same types. */
export function buildDeclarations(root, dist) {
  const types = path.join(dist, 'types');
  emit(root, types);
  const program = ts.createProgram([path.join(types, 'index.d.ts')], {
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    module: ts.ModuleKind.NodeNext,
    types: [],
  });
  const reached = program.getSourceFiles().map(({ fileName }) => path.resolve(fileName));
  keepOnly(types, new Set(reached));
  documentConstructors(reached.filter((file) => !path.relative(types, file).startsWith('..')));
  // Without it the folder would be ESM as the package is, and no CommonJS program could take its types.
  writeFileSync(path.join(types, 'package.json'), '{ "type": "commonjs" }\n');
  for (const name of ['index.d.ts', 'index.d.cts']) writeFileSync(path.join(dist, name), entry);
}

function emit(root, types) {
  const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [tsc, '-p', 'tsconfig.build.json', '--outDir', types];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error('the declarations did not compile');
}

/** Removes the declarations that nothing public names. */
function keepOnly(types, reached) {
  for (const name of ts.sys.readDirectory(types, ['.d.ts'])) {
    if (!reached.has(path.resolve(name))) rmSync(name);
  }
}

const constructorOf = (node) => node.members.find(ts.isConstructorDeclaration);
const isAbstract = (node) => node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AbstractKeyword);
const commentOf = (node) => ts.getJSDocCommentsAndTags(node).findLast(ts.isJSDoc);
const baseOf = (node) =>
  node.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)?.types[0]?.expression;

/**
 * An editor shows at `new nn.Linear(` what the constructor says, not what the class does: each says the same, but for those
 * that other classes inherit.
 */
function documentConstructors(names) {
  const files = names.map((name) =>
    ts.createSourceFile(name, readFileSync(name, 'utf8'), ts.ScriptTarget.ES2022, true),
  );
  const classes = files.flatMap((file) => file.statements.filter(ts.isClassDeclaration));
  const inherited = new Set(
    classes.filter((node) => !constructorOf(node)).map((node) => baseOf(node)?.getText()),
  );
  for (const file of files) {
    let text = file.text;
    // From the last to the first, so that positions stay true.
    for (const node of file.statements.filter(ts.isClassDeclaration).reverse()) {
      const [made, comment] = [constructorOf(node), commentOf(node)];
      if (!made || !comment || commentOf(made) || isAbstract(node) || inherited.has(node.name?.text))
        continue;
      const at = made.getStart();
      text = `${text.slice(0, at)}${comment.getText().replace(/\n/g, '\n    ')}\n    ${text.slice(at)}`;
    }
    if (text !== file.text) writeFileSync(file.fileName, text);
  }
}
