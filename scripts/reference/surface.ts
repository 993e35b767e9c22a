import { rowOf } from '../../test/conformance/calls/index.js';
import type { Row } from '../../test/conformance/call.js';
import { libraryName } from '../../test/conformance/names.js';
import { placeOf, tableOps } from '../../test/conformance/scope.js';
import type { Item, Member } from './model.js';

// Ties PyTorch's ops, our functions, and the methods of Tensor together.

export interface Op {
  /** PyTorch's name: `cumsum`, `F.relu`. */
  readonly name: string;
  readonly group: string;
  readonly row: Row | undefined;
  readonly item: Item | undefined;
  /** The member of Tensor that does it, where no function does. */
  readonly member: Member | undefined;
}

export interface Methods {
  readonly method?: Member;
  readonly inPlace?: Member;
}

/** What has a name of its own here, and no row in the table of calls that says so. */
const elsewhere: Readonly<Record<string, string>> = {
  numpy: '.data',
  nms: 'vision.nms',
  box_iou: 'vision.boxIou',
  roi_align: 'vision.roiAlign',
};

function takesTensor({ signatures }: Item): boolean {
  return signatures.some(({ text }) => /\b(Tensor|Operand)\b/.test(text.slice(0, text.indexOf(')'))));
}

const lastPart = (name: string): string => name.slice(name.lastIndexOf('.') + 1);

export class Surface {
  readonly ops: readonly Op[];
  readonly #byName: ReadonlyMap<string, Item>;
  readonly #members: ReadonlyMap<string, Member>;
  readonly #methods = new Map<Item, Methods>();

  constructor(readonly items: readonly Item[]) {
    this.#byName = new Map(items.flatMap((item) => item.names.map((name): [string, Item] => [name, item])));
    this.#members = new Map(this.find('Tensor')?.members.map((member) => [member.name, member]));
    this.ops = tableOps.map((name) => this.#op(name));
    for (const item of items) {
      if (item.kind === 'function') this.#methods.set(item, this.#findMethods(item));
    }
  }

  find(name: string): Item | undefined {
    return this.#byName.get(name);
  }

  member(name: string): Member | undefined {
    return this.#members.get(name);
  }

  methodsOf(item: Item): Methods {
    return this.#methods.get(item) ?? {};
  }

  opsOf(target: Item | Member): Op[] {
    return this.ops.filter((op) => op.item === target || op.member === target);
  }

  /** Members of Tensor that are no function's method. */
  loneMembers(): Member[] {
    const taken = new Set([...this.#methods.values()].flatMap(({ method, inPlace }) => [method, inPlace]));
    return [...this.#members.values()].filter((member) => !taken.has(member));
  }

  #op(name: string): Op {
    const row = rowOf(name.replace(/^F\./, 'nn.functional.'));
    const own = libraryName(name);
    const at = elsewhere[name] ?? (row?.at === 'Tensor' ? `.${own}` : row?.at) ?? own;
    const isMethod = at.startsWith('.');
    const path = at.replace(/^\./, '');
    // Of a method that is a function too, in place or not, the function; `float` is one that makes tensors of numbers.
    const found = this.find(path) ?? (path === `${name}_` ? this.find(name) : undefined);
    const item = found !== undefined && isMethod && !takesTensor(found) ? undefined : found;
    const member = item === undefined ? this.member(path) : undefined;
    return { name, group: placeOf(name)?.group ?? '', row, item, member };
  }

  #findMethods(item: Item): Methods {
    const names = [
      ...this.opsOf(item).flatMap((op) => op.row?.method ?? []),
      ...item.names.filter((name) => this.#mayBeMethod(name, item)).map(lastPart),
    ];
    const method = (name: string): Member[] => {
      const member = this.member(name);
      return member !== undefined && member.signatures.length > 0 ? [member] : [];
    };
    return { method: names.flatMap(method)[0], inPlace: names.flatMap((name) => method(`${name}_`))[0] };
  }

  /** `F.unfold` is not the method unfold, which is another op. */
  #mayBeMethod(name: string, item: Item): boolean {
    if (!takesTensor(item)) return false;
    if (!name.includes('.')) return true;
    if (!/^(F|linalg|special)\./.test(name)) return false;
    const short = lastPart(name);
    const other = this.ops.find((op) => libraryName(op.name) === short);
    return (this.find(short) ?? item) === item && (other === undefined || other.item === item);
  }
}
