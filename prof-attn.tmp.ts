import { F, randn, grad, noGrad, tidy, setNumThreads } from '/tmp/wt/attention/lib/index.js';
setNumThreads(1);
const [which, L, c] = [process.argv[2], Number(process.argv[3]), process.argv[4] === 'c'];
const H = ((8 * 1024 * 1024) / L / L) | 0;
const mk = () => randn([1, Math.max(H, 8), L, 64], { requiresGrad: which === 'b' });
const q = mk(),
  k = mk(),
  v = mk(),
  g = randn(q.shape);
for (let i = 0; i < 60; ++i)
  tidy(() => {
    const o = F.scaledDotProductAttention(q, k, v, { isCausal: c });
    if (which === 'b') grad(o, [q, k, v], { gradOutputs: g });
  });
