// What the tests use of vitest, on Node's own test runner, with vitest's own `expect`: vitest itself starts native programs,
// which an emulated Node cannot.
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  GLOBAL_EXPECT,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  chai,
  customMatchers,
  setState,
} from '@vitest/expect';
import nodeTest from 'node:test';
import { format } from 'node:util';

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);

export const expect = (value, message) => chai.expect(value, message);
Object.assign(expect, chai.expect, globalThis[ASYMMETRIC_MATCHERS_OBJECT]);
globalThis[GLOBAL_EXPECT] = expect;
setState({ assertionCalls: 0, isExpectingAssertions: false, testPath: process.argv[1] }, expect);
chai.expect.extend(expect, customMatchers);

const stubbed = new Map();

export const vi = {
  stubEnv(name, value) {
    if (!stubbed.has(name)) stubbed.set(name, process.env[name]);
    process.env[name] = value;
  },
  unstubAllEnvs() {
    for (const [name, value] of stubbed) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    stubbed.clear();
  },
  // What is imported after it is a second copy in the bundle already: see scripts/test-arm64.mjs.
  resetModules() {},
};

/** Types are checked by tsc: here such an expectation is any chain of calls. */
export const expectTypeOf = () =>
  new Proxy(() => {}, { get: () => expectTypeOf(), apply: () => expectTypeOf() });

/** The name of one row: `%s` takes a value, `$name` a property. */
function nameOf(pattern, values) {
  const named = pattern.replace(/\$(\w+)/g, (whole, key) => values[0]?.[key] ?? whole);
  return format(named, ...values.slice(0, named.split(/%[a-z]/).length - 1));
}

/** Adds each, runIf and skipIf, which take and give what vitest's do. */
function withVariants(define, skip) {
  const each = (rows) => (name, body, options) => {
    for (const row of rows) {
      const values = Array.isArray(row) ? row : [row];
      define(nameOf(name, values), () => body(...values), options);
    }
  };
  const runIf = (condition) => (condition ? variants : withVariants(skip, skip));
  const variants = Object.assign((...args) => define(...args), {
    each,
    runIf,
    skipIf: (condition) => runIf(!condition),
    skip,
  });
  return variants;
}

export const test = withVariants(
  (name, body) => nodeTest(name, () => body()),
  (name) => nodeTest.skip(name),
);
export const it = test;
export const describe = withVariants(
  (name, body) => nodeTest.describe(name, () => void body()),
  (name) => nodeTest.describe.skip(name),
);
export const { before: beforeAll, after: afterAll, beforeEach, afterEach } = nodeTest;
