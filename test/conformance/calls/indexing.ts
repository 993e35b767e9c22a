import { tensor } from '../../../lib/index.js';
import { call, type Rows } from '../call.js';
import { callMethod, find } from '../library.js';

/** A list of numbers or flags inside an index stands for a tensor. */
const asEntry = (entry: unknown): unknown =>
  Array.isArray(entry) ? tensor(entry as number[], entry.length === 0 ? { dtype: 'int64' } : {}) : entry;

export const indexing: Rows = {
  __getitem__: call('self key', {
    at: 'index',
    method: 'index',
    run: (a, fn) => {
      const key = a.value('key');
      // A tuple is the entries, a list is one entry.
      const entries = a.raw('key')?.t === 'tuple' ? (key as readonly unknown[]) : [key];
      return fn(a.value('self'), ...entries.map(asEntry));
    },
  }),
  index_put: call('self indices values | accumulate', {
    run: (a) => {
      const entries = (a.value('indices') as readonly unknown[]).map(asEntry);
      const rest = [entries, a.value('values'), ...(a.has('accumulate') ? [a.options()] : [])];
      const out = find('indexPut');
      if (out !== undefined) return out(a.value('self'), ...rest);
      return callMethod(a.tensor('self').clone(), 'indexPut_', rest);
    },
    at: '.indexPut_',
  }),
  select: call('self dim index'),
  narrow: call('self dim start length'),
  slice: call('self | dim start end step', {
    // The range is one object: { start, stop, step }.
    rename: { end: 'stop' },
    run: (a, fn) => fn(a.value('self'), a.value('dim') ?? 0, a.options(['dim']) ?? {}),
  }),
  index_select: call('self dim index'),
  gather: call('self dim index'),
  take: call('self index'),
  take_along_dim: call('self indices | dim'),
  masked_select: call('self mask'),
  masked_fill: call('self mask &value'),
  masked_scatter: call('self mask source'),
  index_add: call('self dim index source'),
  index_copy: call('self dim index source'),
  index_fill: call('self dim index &value'),
  index_reduce: call('self dim index source reduce'),
  put: call('self index source | accumulate'),
  scatter: call('self dim index src'),
  scatter_add: call('self dim index src'),
  scatter_reduce: call('self dim index src reduce'),
  select_scatter: call('self src dim index'),
  slice_scatter: call('self src | dim start end step', { rename: { end: 'stop' } }),
  diagonal_scatter: call('self src | offset dim1 dim2'),
  tril: call('self | diagonal'),
  triu: call('self | diagonal'),
  diag: call('self | diagonal'),
  diagonal: call('self | offset dim1 dim2'),
  diag_embed: call('self | offset dim1 dim2'),
  diagflat: call('self | offset'),
  trace: call('self'),
  unravel_index: call('indices shape'),
  _segment_reduce: call('data reduce', {
    at: 'segmentReduce',
    // PyTorch's way to leave the checks out; here they are always made.
    run: (a, fn) => fn(...a.positional(), a.options(['unsafe'])),
  }),
};
