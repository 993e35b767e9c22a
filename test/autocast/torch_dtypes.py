"""Writes torch-dtypes.json: the dtypes that PyTorch gives under its CPU autocast, for dtypes.test.ts.

Run with any Python that has torch: python test/autocast/torch_dtypes.py > test/autocast/torch-dtypes.json

A case is the shapes of its inputs and the call. `I(n)` in the place of a shape is a list of class indices below n, `E` a
symmetric positive definite matrix. Each case runs with its float inputs in float32, in bfloat16, the first in bfloat16 and
the rest in float32, and the other way round; `null` where PyTorch refuses.
"""

import json
import warnings

import torch
import torch.nn.functional as F

warnings.filterwarnings("ignore")
L = torch.linalg
I = lambda n: {"below": n}
E = {"definite": 3}
M, V = [3, 3], [3]

CASES = {
    # lower precision
    "matmul": ([[2, 3], [3, 4]], torch.matmul),
    "matmulVectors": ([V, V], torch.matmul),
    "mm": ([[2, 3], [3, 4]], torch.mm),
    "bmm": ([[2, 2, 3], [2, 3, 4]], torch.bmm),
    "linear": ([[2, 3], [4, 3], [4]], F.linear),
    "addmm": ([[4], [2, 3], [3, 4]], torch.addmm),
    "baddbmm": ([[4], [2, 2, 3], [2, 3, 4]], torch.baddbmm),
    "addbmm": ([[4], [2, 2, 3], [2, 3, 4]], torch.addbmm),
    "vecdot": ([V, V], L.vecdot),
    "conv1d": ([[1, 2, 5], [3, 2, 3], [3]], F.conv1d),
    "conv2d": ([[1, 2, 5, 5], [3, 2, 3, 3], [3]], F.conv2d),
    "conv3d": ([[1, 2, 3, 3, 3], [3, 2, 2, 2, 2], [3]], F.conv3d),
    "convTranspose1d": ([[1, 2, 5], [2, 3, 3], [3]], F.conv_transpose1d),
    "convTranspose2d": ([[1, 2, 3, 3], [2, 3, 2, 2], [3]], F.conv_transpose2d),
    "convTranspose3d": ([[1, 2, 3, 3, 3], [2, 3, 2, 2, 2], [3]], F.conv_transpose3d),
    "prelu": ([[2, 3], [3]], F.prelu),
    "scaledDotProductAttention": ([[1, 2, 3, 4]] * 3, F.scaled_dot_product_attention),
    # made of those
    "einsum": ([[2, 3], [3, 4]], lambda a, b: torch.einsum("ij,jk->ik", a, b)),
    "tensordot": ([[2, 3], [3, 4]], lambda a, b: torch.tensordot(a, b, 1)),
    "inner": ([[2, 3], [4, 3]], torch.inner),
    "bilinear": ([[2, 3], [2, 4], [5, 3, 4]], F.bilinear),
    "multiDot": ([[2, 3], [3, 4], [4, 2]], lambda a, b, c: L.multi_dot([a, b, c])),
    "matrixPower": ([M], lambda a: L.matrix_power(a, 3)),
    # not on a list
    "mv": ([[2, 3], V], torch.mv),
    "dot": ([V, V], torch.dot),
    "vdot": ([V, V], torch.vdot),
    "addmv": ([[2], [2, 3], V], torch.addmv),
    "addr": ([[2, 3], [2], V], torch.addr),
    "outer": ([V, V], torch.outer),
    "add": ([V, V], torch.add),
    "mul": ([V, V], torch.mul),
    "exp": ([V], torch.exp),
    "log": ([V], torch.log),
    "pow": ([V], lambda a: a**2),
    "rsqrt": ([V], torch.rsqrt),
    "softmax": ([V], lambda a: F.softmax(a, -1)),
    "logSoftmax": ([V], lambda a: F.log_softmax(a, -1)),
    "sum": ([V], torch.sum),
    "mean": ([V], torch.mean),
    "cumsum": ([V], lambda a: torch.cumsum(a, 0)),
    "norm": ([V], torch.norm),
    "logsumexp": ([V], lambda a: torch.logsumexp(a, 0)),
    "gelu": ([V], F.gelu),
    "silu": ([V], F.silu),
    "layerNorm": ([[2, 3], V, V], lambda x, w, b: F.layer_norm(x, (3,), w, b)),
    "groupNorm": ([[2, 4, 2], [4], [4]], lambda x, w, b: F.group_norm(x, 2, w, b)),
    "batchNorm": ([[4, 3], V, V], lambda x, w, b: F.batch_norm(x, None, None, w, b, True)),
    "instanceNorm": ([[2, 3, 4], V, V], lambda x, w, b: F.instance_norm(x, weight=w, bias=b)),
    "rmsNorm": ([[2, 3], V], lambda x, w: F.rms_norm(x, (3,), w)),
    "embedding": ([I(4), [4, 3]], F.embedding),
    "maxPool2d": ([[1, 1, 4, 4]], lambda x: F.max_pool2d(x, 2)),
    "avgPool2d": ([[1, 1, 4, 4]], lambda x: F.avg_pool2d(x, 2)),
    "adaptiveAvgPool2d": ([[1, 1, 4, 4]], lambda x: F.adaptive_avg_pool2d(x, 2)),
    "interpolate": ([[1, 1, 4, 4]], lambda x: F.interpolate(x, scale_factor=2, mode="bilinear")),
    "cosineSimilarity": ([[2, 3], [2, 3]], F.cosine_similarity),
    "pairwiseDistance": ([[2, 3], [2, 3]], F.pairwise_distance),
    "where": ([V, V], lambda a, b: torch.where(a > 0.5, a, b)),
    "cov": ([[2, 4]], torch.cov),
    # float32
    "prod": ([[2, 3]], torch.prod),
    "prodDim": ([[2, 3]], lambda x: torch.prod(x, 1)),
    "trace": ([M], torch.trace),
    "quantile": ([V], lambda x: torch.quantile(x, 0.5)),
    "nanquantile": ([V], lambda x: torch.nanquantile(x, 0.5)),
    "cdist": ([[2, 3], [4, 3]], torch.cdist),
    "avgPool3d": ([[1, 1, 4, 4, 4]], lambda x: F.avg_pool3d(x, 2)),
    "maxPool3d": ([[1, 1, 4, 4, 4]], lambda x: F.max_pool3d(x, 2)),
    "adaptiveAvgPool3d": ([[1, 1, 4, 4, 4]], lambda x: F.adaptive_avg_pool3d(x, 2)),
    "adaptiveMaxPool3d": ([[1, 1, 4, 4, 4]], lambda x: F.adaptive_max_pool3d(x, 2)),
    "maxUnpool2d": (
        [[1, 1, 2, 2]],
        lambda x: F.max_unpool2d(x, torch.tensor([[[[0, 2], [8, 10]]]]), 2),
    ),
    "maxUnpool3d": (
        [[1, 1, 1, 1, 1]],
        lambda x: F.max_unpool3d(x, torch.tensor([[[[[0]]]]]), 2),
    ),
    "fractionalMaxPool2d": ([[1, 1, 5, 5]], lambda x: F.fractional_max_pool2d(x, 2, output_size=2)),
    "gridSample": ([[1, 1, 4, 4], [1, 2, 2, 2]], lambda x, g: F.grid_sample(x, g, align_corners=False)),
    "padReflect1d": ([[1, 2, 4]], lambda x: F.pad(x, (1, 1), mode="reflect")),
    "padReflect2d": ([[1, 1, 4, 4]], lambda x: F.pad(x, (1, 1, 1, 1), mode="reflect")),
    "padReplicate1d": ([[1, 2, 4]], lambda x: F.pad(x, (1, 1), mode="replicate")),
    "padReplicate3d": ([[1, 1, 2, 2, 2]], lambda x: F.pad(x, (1,) * 6, mode="replicate")),
    "padConstant": ([[1, 2, 4]], lambda x: F.pad(x, (1, 1))),
    "padCircular": ([[1, 2, 4]], lambda x: F.pad(x, (1, 1), mode="circular")),
    "mseLoss": ([V, V], F.mse_loss),
    "l1Loss": ([V, V], F.l1_loss),
    "smoothL1Loss": ([V, V], F.smooth_l1_loss),
    "huberLoss": ([V, V], F.huber_loss),
    "klDiv": ([[2, 3], [2, 3]], F.kl_div),
    "poissonNllLoss": ([V, V], F.poisson_nll_loss),
    "gaussianNllLoss": ([V, V, V], F.gaussian_nll_loss),
    "binaryCrossEntropy": ([V, V], F.binary_cross_entropy),
    "bceWithLogits": ([V, V, V], lambda x, y, w: F.binary_cross_entropy_with_logits(x, y, pos_weight=w)),
    "crossEntropy": ([[3, 4], I(4)], F.cross_entropy),
    "crossEntropyWeights": ([[3, 4], I(4), [4]], lambda x, y, w: F.cross_entropy(x, y, w)),
    "crossEntropyProbabilities": ([[3, 4], [3, 4]], F.cross_entropy),
    "nllLoss": ([[3, 4], I(4)], F.nll_loss),
    "marginRankingLoss": ([V, V, V], F.margin_ranking_loss),
    "hingeEmbeddingLoss": ([V, V], F.hinge_embedding_loss),
    "softMarginLoss": ([V, V], F.soft_margin_loss),
    "multilabelSoftMarginLoss": ([[2, 3], [2, 3]], F.multilabel_soft_margin_loss),
    "multiMarginLoss": ([[3, 4], I(4)], F.multi_margin_loss),
    "cosineEmbeddingLoss": (
        [[3, 2], [3, 2]],
        lambda a, b: F.cosine_embedding_loss(a, b, torch.tensor([1, -1, 1])),
    ),
    "tripletMarginLoss": ([[2, 3]] * 3, F.triplet_margin_loss),
    "ctcLoss": (
        [[4, 1, 3]],
        lambda x: F.ctc_loss(x, torch.tensor([[1, 2]]), torch.tensor([4]), torch.tensor([2])),
    ),
    "cholesky": ([E], L.cholesky),
    "inv": ([E], L.inv),
    "solve": ([E, M], L.solve),
    "lstsq": ([E, M], lambda a, b: L.lstsq(a, b)[0]),
    "pinv": ([E], L.pinv),
    "qr": ([E], lambda a: L.qr(a)[0]),
    "svdvals": ([E], L.svdvals),
    "eigvalsh": ([E], L.eigvalsh),
    "eigh": ([E], lambda a: L.eigh(a)[1]),
    "cond": ([E], L.cond),
    "choleskyInverse": ([E], torch.cholesky_inverse),
    "choleskySolve": ([M, E], torch.cholesky_solve),
    "tensorinv": ([E], lambda a: L.tensorinv(a, 1)),
    "tensorsolve": ([E, V], L.tensorsolve),
    "householderProduct": ([M, V], L.householder_product),
    # widest
    "cat": ([V, V], lambda a, b: torch.cat([a, b])),
    "stack": ([V, V], lambda a, b: torch.stack([a, b])),
    "indexCopy": ([V, V], lambda a, b: torch.index_copy(a, 0, torch.tensor([2, 1, 0]), b)),
    "indexAdd": ([V, V], lambda a, b: torch.index_add(a, 0, torch.tensor([2, 1, 0]), b)),
}


def module(make, *shapes, pick=lambda out: out):
    """A layer with float32 parameters."""
    return (list(shapes), lambda *xs: pick(make()(*xs)))


nn = torch.nn
CASES |= {
    "nn.Linear": module(lambda: nn.Linear(3, 4), [2, 3]),
    "nn.Conv2d": module(lambda: nn.Conv2d(2, 3, 3), [1, 2, 5, 5]),
    "nn.BatchNorm2d": module(lambda: nn.BatchNorm2d(2), [2, 2, 3, 3]),
    "nn.BatchNorm2d.eval": module(lambda: nn.BatchNorm2d(2).eval(), [2, 2, 3, 3]),
    "nn.LayerNorm": module(lambda: nn.LayerNorm(3), [2, 3]),
    "nn.GroupNorm": module(lambda: nn.GroupNorm(2, 4), [2, 4, 3]),
    "nn.RMSNorm": module(lambda: nn.RMSNorm(3), [2, 3]),
    "nn.PReLU": module(lambda: nn.PReLU(), [2, 3]),
    "nn.Embedding": ([I(4)], lambda i: nn.Embedding(4, 3)(i)),
    "nn.RNN": module(lambda: nn.RNN(3, 4), [5, 2, 3], pick=lambda o: (o[0], o[1])),
    "nn.GRU": module(lambda: nn.GRU(3, 4), [5, 2, 3], pick=lambda o: (o[0], o[1])),
    "nn.LSTM": module(lambda: nn.LSTM(3, 4), [5, 2, 3], pick=lambda o: (o[0], *o[1])),
    "nn.LSTM.state": module(
        lambda: (lambda l: lambda x, h, c: l(x, (h, c)))(nn.LSTM(3, 4)),
        [5, 2, 3],
        [1, 2, 4],
        [1, 2, 4],
        pick=lambda o: (o[0], *o[1]),
    ),
    "nn.RNNCell": module(lambda: nn.RNNCell(3, 4), [2, 3]),
    "nn.GRUCell": module(lambda: nn.GRUCell(3, 4), [2, 3]),
    "nn.GRUCell.state": module(lambda: nn.GRUCell(3, 4), [2, 3], [2, 4]),
    "nn.LSTMCell": module(lambda: nn.LSTMCell(3, 4), [2, 3]),
    "nn.LSTMCell.state": module(
        lambda: (lambda l: lambda x, h, c: l(x, (h, c)))(nn.LSTMCell(3, 4)), [2, 3], [2, 4], [2, 4]
    ),
    "nn.MultiheadAttention": module(
        lambda: (lambda l: lambda x: l(x, x, x))(nn.MultiheadAttention(4, 2)), [3, 2, 4]
    ),
    "nn.MultiheadAttention.plain": module(
        lambda: (lambda l: lambda x: l(x, x, x, need_weights=False)[0])(nn.MultiheadAttention(4, 2)), [3, 2, 4]
    ),
    "nn.TransformerEncoderLayer": module(lambda: nn.TransformerEncoderLayer(4, 2, 8), [3, 2, 4]),
    "nn.Sequential": module(
        lambda: nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.LayerNorm(4), nn.Linear(4, 2), nn.Softmax(-1)), [2, 3]
    ),
}


def make(shape, dtype):
    if isinstance(shape, dict):
        if "below" in shape:
            return torch.arange(3) % shape["below"]
        return (torch.eye(3) * 2 + 0.1).to(dtype)
    return (torch.rand(shape) * 0.8 + 0.1).to(dtype)


def run(shapes, call, first, rest):
    at, inputs = 0, []
    for shape in shapes:
        inputs.append(make(shape, first if at == 0 else rest))
        at += not (isinstance(shape, dict) and "below" in shape)
    try:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            out = call(*inputs)
    except Exception:  # what it refuses is part of the table
        return None
    out = out if isinstance(out, (tuple, list)) else (out,)
    return " ".join(str(x.dtype).removeprefix("torch.") for x in out)


def main():
    f32, bf16 = torch.float32, torch.bfloat16
    rows = {}
    for name, (shapes, call) in CASES.items():
        pairs = [(f32, f32), (bf16, bf16), (bf16, f32), (f32, bf16)]
        floats = sum(not (isinstance(s, dict) and "below" in s) for s in shapes)
        rows[name] = [shapes] + [run(shapes, call, *p) for p in pairs[: 4 if floats > 1 else 2]]
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in rows.items())
    print("{\n" + f'  "torch": {json.dumps(torch.__version__)},\n' + lines + "\n}")


main()
