import path from 'node:path';
import ts from 'typescript';
import type { Comment, Field, Fields, Signature } from './model.js';

// Comments, signatures and object types as text.

const squeeze = (text: string): string => text.replace(/\s+/g, ' ');

/** The compiler spells out what a tensor of any dtype may be. */
const shorten = (text: string): string =>
  text.replace(/\bTensor<DType>|\bTensor<"\w+"( \| "\w+")+>/g, 'Tensor');

export class Describer {
  readonly #sources: string;

  /** @param sources the folder whose object types are spelled out */
  constructor(
    readonly checker: ts.TypeChecker,
    sources: string,
  ) {
    this.#sources = sources + path.sep;
  }

  comment(symbol: ts.Symbol): Comment {
    const tags = symbol.getJsDocTags(this.checker);
    const texts = (name: string): string[] =>
      tags.filter((tag) => tag.name === name).map((tag) => ts.displayPartsToString(tag.text).trim());
    return {
      text: ts.displayPartsToString(symbol.getDocumentationComment(this.checker)).trim(),
      params: texts('param').map((text) => {
        const [name = '', ...words] = squeeze(text).split(' ');
        return { name, text: words.join(' ').replace(/^- /, '') };
      }),
      throws: texts('throws').map(squeeze),
      examples: texts('example').map((text) => text.replace(/^```\w*\n|\n```$/g, '')),
    };
  }

  isInternal(symbol: ts.Symbol): boolean {
    const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
    return (
      /^(__|#)/.test(symbol.name) ||
      symbol.getJsDocTags(this.checker).some((tag) => tag.name === 'internal') ||
      (symbol.declarations ?? []).some(
        (one) => (ts.getCombinedModifierFlags(one) & hidden) !== 0 || !this.isOurs(one),
      )
    );
  }

  isOurs(node: ts.Node): boolean {
    return path.resolve(node.getSourceFile().fileName).startsWith(this.#sources);
  }

  typeText(type: ts.Type): string {
    return squeeze(shorten(this.checker.typeToString(type)));
  }

  /** As the declaration has it, where it says more than a type parameter of a base. */
  typeOf(symbol: ts.Symbol): string {
    const declared = symbol.declarations ?? [];
    const node = declared.length === 1 ? declared[0] : undefined;
    const typeNode = node && 'type' in node ? (node.type as ts.TypeNode | undefined) : undefined;
    const isParameter =
      typeNode !== undefined &&
      (this.checker.getTypeFromTypeNode(typeNode).flags & ts.TypeFlags.TypeParameter) !== 0;
    const written = isParameter ? undefined : typeNode?.getText();
    const optional = (symbol.flags & ts.SymbolFlags.Optional) !== 0;
    const type = this.checker.getTypeOfSymbol(symbol);
    if (written !== undefined && node !== undefined && !ts.isMethodSignature(node)) return squeeze(written);
    return this.typeText(optional ? this.checker.getNonNullableType(type) : type);
  }

  signature(signature: ts.Signature): Signature {
    const node = signature.getDeclaration() as ts.SignatureDeclaration | undefined;
    if (node === undefined) return { text: this.checker.signatureToString(signature), call: '()' };
    const generics = node.typeParameters?.map((one) => squeeze(one.getText())).join(', ');
    const parameters = node.parameters.filter((one) => one.name.getText() !== 'this');
    const result = ts.isConstructorDeclaration(node)
      ? ''
      : `: ${squeeze(node.type?.getText() ?? this.typeText(signature.getReturnType()))}`;
    const open = generics === undefined ? '' : `<${generics}>`;
    return {
      text: `${open}(${parameters.map((one) => this.#parameter(one)).join(', ')})${result}`,
      call: `(${parameters.map((one) => this.#argument(one)).join(', ')})`,
    };
  }

  /** `dim: number = 0`; an options object that need not be given is `options?: SortOptions`. */
  #parameter(node: ts.ParameterDeclaration): string {
    const type = squeeze(node.type?.getText() ?? this.typeText(this.checker.getTypeAtLocation(node)));
    const given = node.initializer?.getText();
    const optional = node.questionToken !== undefined || given === '{}';
    const rest = node.dotDotDotToken === undefined ? '' : '...';
    const name = ts.isIdentifier(node.name) ? node.name.text : 'options';
    return `${rest}${name}${optional ? '?' : ''}: ${type}${given === undefined || optional ? '' : ` = ${given}`}`;
  }

  #argument(node: ts.ParameterDeclaration): string {
    const name = ts.isIdentifier(node.name) ? node.name.text : 'options';
    const fields = this.fieldsOf(name, node.type, this.checker.getTypeAtLocation(node));
    if (fields.length > 0 && !node.dotDotDotToken) {
      return `{ ${[...new Set(fields.flatMap((one) => one.fields.map((field) => field.name)))].join(', ')} }`;
    }
    return `${node.dotDotDotToken === undefined ? '' : '...'}${name}`;
  }

  optionsOf(signatures: readonly ts.Signature[]): Fields[] {
    return merge(
      signatures.flatMap((one) =>
        one.getParameters().flatMap((parameter) => {
          const node = parameter.valueDeclaration as ts.ParameterDeclaration | undefined;
          if (node === undefined || node.dotDotDotToken !== undefined) return [];
          const of = ts.isIdentifier(node.name) ? node.name.text : 'options';
          return this.fieldsOf(of, node.type, this.checker.getTypeAtLocation(node));
        }),
      ),
    );
  }

  resultsOf(signatures: readonly ts.Signature[]): Fields[] {
    return merge(
      signatures.flatMap((one) => {
        const node = one.getDeclaration() as ts.SignatureDeclaration | undefined;
        return node === undefined ? [] : this.fieldsOf('', node.type, one.getReturnType());
      }),
    );
  }

  /** The plain objects of our own that a type is or may be, property by property. */
  fieldsOf(of: string, node: ts.TypeNode | undefined, type: ts.Type): Fields[] {
    const parts = type.isUnion() ? type.types : [type];
    const objects = parts.filter((part) => this.#isPlainObject(part));
    return objects.map((part) => ({
      of,
      type: (parts.length === 1 ? node?.getText() : undefined) ?? this.typeText(part),
      fields: this.#namedProperties(part).map((one) => this.#field(one)),
    }));
  }

  /** Without those that a symbol names. */
  #namedProperties(type: ts.Type): ts.Symbol[] {
    return this.checker.getPropertiesOfType(type).filter((one) => !one.name.startsWith('__@'));
  }

  #isPlainObject(type: ts.Type): boolean {
    if ((type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) === 0) return false;
    // A function that has properties is told of as well; one without has none to list.
    if (this.checker.isArrayLikeType(type) || type.isClass()) return false;
    const properties = this.#namedProperties(type);
    return (
      properties.length > 0 &&
      properties.every(
        (one) =>
          (one.flags & (ts.SymbolFlags.Property | ts.SymbolFlags.Method)) !== 0 &&
          !one.name.startsWith('__') &&
          (one.declarations ?? []).some((declared) => this.isOurs(declared)),
      ) &&
      (type.symbol as ts.Symbol | undefined)?.valueDeclaration === undefined
    );
  }

  #field(symbol: ts.Symbol): Field {
    return {
      name: symbol.name,
      type: this.typeOf(symbol),
      optional: (symbol.flags & ts.SymbolFlags.Optional) !== 0,
      text: squeeze(ts.displayPartsToString(symbol.getDocumentationComment(this.checker)).trim()),
    };
  }
}

/** Overloads often differ in nothing but which options must be given, or to what: they are told as one. */
function merge(lists: readonly Fields[]): Fields[] {
  const merged = new Map<string, Fields>();
  for (const one of lists) {
    const key = [one.of, ...one.fields.map((field) => field.name)].join();
    const former = merged.get(key);
    merged.set(key, former === undefined ? one : mergeTwo(former, one));
  }
  return [...merged.values()];
}

function mergeTwo(a: Fields, b: Fields): Fields {
  const isName = (type: string): boolean => /^\w+$/.test(type);
  const fields = a.fields.map((field, i) => {
    const other = b.fields[i] ?? field;
    const types = [...new Set([field.type, other.type])].sort().join(' | ');
    return {
      name: field.name,
      type:
        types === 'boolean | true' || types === 'false | true' || types === 'boolean | false'
          ? 'boolean'
          : types,
      optional: field.optional || other.optional,
      text: field.text === '' ? other.text : field.text,
    };
  });
  return { of: a.of, type: isName(a.type) && !isName(b.type) ? a.type : b.type, fields };
}
