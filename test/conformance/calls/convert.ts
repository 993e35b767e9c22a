import { call, type Rows } from '../call.js';

const cast = (name: string) => call('self', { at: `.${name}` });

export const convert: Rows = {
  clone: call('self'),
  contiguous: call('self', { at: '.contiguous' }),
  item: call('self', { at: '.item' }),
  bool: cast('bool'),
  float: cast('float'),
  double: cast('double'),
  long: cast('long'),
  int: cast('int'),
  half: cast('half'),
  bfloat16: cast('bfloat16'),
  type_as: call('self other', { at: '.typeAs' }),
  to: call('self first second third fourth', {
    // (dtype), (device, dtype) or (other tensor), then flags that say how to copy.
    run: (a, fn) => {
      const args = ['first', 'second'].filter((name) => ['dtype', 'tensor'].includes(a.raw(name)?.t ?? ''));
      const target = args.map((name) => a.value(name) as string | { readonly dtype: string })[0];
      return fn(a.value('self'), typeof target === 'object' ? target.dtype : target);
    },
  }),
  copy_: call('self source', {
    run: (a) => a.tensor('self').clone().copy_(a.tensor('source')),
    at: '.copy_',
  }),
  fill: call('self &value', {
    run: (a) => a.lib('.fill_')(a.tensor('self').clone(), a.value('value', true)),
    at: '.fill_',
  }),
  zero_: call('self', { run: (a) => a.tensor('self').clone().zero_(), at: '.zero_' }),
};
