// What an editor shows a program that uses the package: the language service of TypeScript asked at places in its text.
import path from 'node:path';
import ts from 'typescript';

const textOf = (parts) => (parts ?? []).map((part) => part.text).join('');

/** The language service on a program of one file in `folder`; `at` finds the end of the first `words` in its text. */
function serve(folder, text) {
  const file = path.join(folder, 'in-an-editor.mts');
  const options = {
    module: ts.ModuleKind.NodeNext,
    strict: true,
    target: ts.ScriptTarget.ES2022,
    types: [],
  };
  const read = (name) => (name === file ? text : ts.sys.readFile(name));
  const service = ts.createLanguageService({
    ...ts.sys,
    fileExists: (name) => name === file || ts.sys.fileExists(name),
    getCompilationSettings: () => options,
    getCurrentDirectory: () => folder,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    getScriptFileNames: () => [file],
    getScriptSnapshot: (name) => {
      const found = read(name);
      return found === undefined ? undefined : ts.ScriptSnapshot.fromString(found);
    },
    getScriptVersion: () => '1',
    readFile: read,
    useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames,
  });
  const at = (words) => text.indexOf(words) + words.length;
  return { service, file, at };
}

/** The names that the package exports as functions and classes, those of its namespaces too: `zeros`, `nn.Linear`. */
function exportedNames(folder) {
  const { service, file, at } = serve(folder, "import * as lanegrad from 'lanegrad';\nlanegrad");
  const program = service.getProgram();
  const checker = program.getTypeChecker();
  const resolved = (symbol) =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const names = [];
  const visit = (module, prefix) => {
    for (const exported of checker.getExportsOfModule(module)) {
      const symbol = resolved(exported);
      const name = `${prefix}${exported.name}`;
      if (symbol.flags & ts.SymbolFlags.ValueModule) visit(symbol, `${name}.`);
      else if (symbol.flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Class)) names.push(name);
    }
  };
  const source = program.getSourceFile(file);
  const use = source.statements.at(-1);
  if (!use || use.end !== at('\nlanegrad')) throw new Error('the program is not what it was');
  visit(resolved(checker.getSymbolAtLocation(use.expression)), '');
  return names;
}

/**
 * Of every function and class: what stands there and its doc comment, on hovering over it, in the list of completions, and at
 * the parenthesis of a call.
 */
export function shownOfExports(folder) {
  const names = exportedNames(folder);
  const lines = names.map((name) => `lanegrad.${name};\n`);
  const { service, file, at } = serve(folder, `import * as lanegrad from 'lanegrad';\n${lines.join('')}`);
  return names.map((name) => {
    const end = at(`lanegrad.${name};`) - 1;
    const last = name.slice(name.lastIndexOf('.') + 1);
    const hover = service.getQuickInfoAtPosition(file, end - 1);
    const details = service.getCompletionEntryDetails(
      file,
      end - last.length,
      last,
      {},
      undefined,
      {},
      undefined,
    );
    return {
      name,
      hover: { shown: textOf(hover?.displayParts), comment: textOf(hover?.documentation) },
      completion: { shown: textOf(details?.displayParts), comment: textOf(details?.documentation) },
    };
  });
}

/** The doc comment at the parenthesis of a call, and the literals offered between its first empty quotes. */
export function shownInCall(folder, call) {
  const { service, file, at } = serve(folder, `import * as lanegrad from 'lanegrad';\n${call}`);
  const help = service.getSignatureHelpItems(file, at('('), {});
  const quotes = call.includes("''");
  const offered = quotes ? service.getCompletionsAtPosition(file, at("''") - 1, {}) : undefined;
  return {
    comment: textOf(help?.items[0]?.documentation),
    offered: (offered?.entries ?? []).map((entry) => entry.name),
  };
}
