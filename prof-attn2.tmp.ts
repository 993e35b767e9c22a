import { F, randn, noGrad, tidy, setNumThreads } from '/tmp/wt/attention/lib/index.js';
setNumThreads(1);
const q = randn([1, 8, 1, 64]),
  k = randn([1, 8, 1024, 64]),
  v = randn([1, 8, 1024, 64]);
noGrad(() => {
  for (let i = 0; i < 30000; ++i)
    tidy(() => {
      F.scaledDotProductAttention(q, k, v);
    });
});
