import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkLayers } from '../../scripts/check-layers.mjs';

let root: string;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'lanegrad-layers-'));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function put(name: string, text: string): void {
  const file = path.join(root, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

describe('check-layers', () => {
  it('passes the repository', () => {
    expect(checkLayers(path.resolve(import.meta.dirname, '../..'))).toEqual([]);
  });

  it('passes includes and imports that go down', () => {
    put(
      'native/binding/run.cc',
      '#include <node_api.h>\n#include "graph/apply.h"\n#include "core/dtype.h"\n',
    );
    put('native/kernels/gemm/gemm.cc', '#include "kernels/gemm/gemm.h"\n#include "simd/simd.h"\n');
    put('lib/nn/linear.ts', "import { tensor } from '../tensor.js';\nimport fs from 'node:fs';\n");
    expect(checkLayers(root)).toEqual([]);
  });

  it('finds a kernel that includes an op, with its line', () => {
    put('native/kernels/gemm/gemm.cc', '#include <vector>\n#include "ops/op.h"\n');
    expect(checkLayers(root)).toEqual([
      'native/kernels/gemm/gemm.cc:2: kernels may not include ops ("ops/op.h")',
    ]);
  });

  it('finds a kernel that sees tensors or threads', () => {
    put('native/kernels/gemm/gemm.cc', '#include "core/cpu.h"\n#include "core/threads.h"\n');
    put('native/simd/simd.h', '#include "core/tensor.h"\n');
    expect(checkLayers(root).sort()).toEqual([
      'native/kernels/gemm/gemm.cc:2: kernels sees pointers, extents and strides, not "core/threads.h"',
      'native/simd/simd.h:1: simd sees pointers, extents and strides, not "core/tensor.h"',
    ]);
  });

  it('finds core that includes simd', () => {
    put('native/core/tensor.cc', '#include "simd/simd.h"\n');
    expect(checkLayers(root)).toHaveLength(1);
  });

  it('finds Node-API outside the binding', () => {
    put('native/graph/node.h', '#include <napi.h>\n');
    expect(checkLayers(root)).toEqual([
      'native/graph/node.h:1: <napi.h>: only native/binding may see Node-API',
    ]);
  });

  it('finds a backend that imports the API, and not its types', () => {
    put('lib/backend/native.ts', "import { Tensor } from '../tensor.js';\n");
    put('lib/backend/current.ts', "import type { Tensor } from '../tensor.js';\n");
    expect(checkLayers(root)).toEqual([
      "lib/backend/native.ts:1: lib/backend may not import lib/tensor ('../tensor.js')",
    ]);
  });

  it('finds imports over several lines, exports and dynamic imports', () => {
    put('lib/ops/a.ts', "import {\n  a,\n  b,\n} from '../nn/linear.js';\n");
    put('lib/ops/b.ts', "export * from '../optim/sgd.js';\n");
    put('lib/ops/c.ts', "export const load = () => import('../train/loop.js');\n");
    expect(checkLayers(root)).toHaveLength(3);
  });

  it('finds a dependency and a file outside lib', () => {
    put('lib/tensor.ts', "import chalk from 'chalk';\nimport { x } from '../bench/main.js';\n");
    expect(checkLayers(root)).toEqual([
      "lib/tensor.ts:1: 'chalk': the library has no dependencies",
      "lib/tensor.ts:2: '../bench/main.js' is outside lib/",
    ]);
  });
});
