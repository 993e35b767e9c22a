"""PyTorch's side of bench/ops: measures what it is told, one line of JSON in, one line out.

python3 torch_ops.py --threads N
in:  {"inputs": [{"shape", "dtype", "low", "high", "normal", "view"}], "setup": statements, "calls": [expression, ...],
      "seconds": s}; of several calls the fastest counts
     {"again": true, "seconds": s} measures the same once more
out: {"ms": {"least", "median"}, "version": torch's} or {"error": text}
"""

import argparse
import json
import statistics
import sys
import time

import torch
import torch.nn.functional as F

aten = torch.ops.aten


def named(name):
    """The function of that name, wherever PyTorch keeps it."""
    for place in (torch, F, torch.special):
        if hasattr(place, name):
            return getattr(place, name)
    raise AttributeError(name)


def make_input(made):
    dtype = getattr(torch, made["dtype"])
    shape, low, high = made["shape"], made["low"], made["high"]
    if made["normal"]:
        x = torch.randn(shape).to(dtype)
    elif dtype.is_floating_point:
        x = (torch.rand(shape) * (high - low) + low).to(dtype)
    else:
        x = torch.randint(int(low), int(high), shape, dtype=torch.int32).to(dtype)
    return eval(made["view"], {"x": x, "torch": torch}) if made.get("view") else x


def backward_of(fn, values, moved):
    """A call of forward and backward: the gradients of the sum of fn(*values) for the values at `moved`."""
    values = list(values)
    for i in moved:
        values[i] = values[i].detach().requires_grad_()
    leaves = [values[i] for i in moved]
    with torch.enable_grad():
        ones = torch.ones_like(fn(*values).detach())

    def call():
        with torch.enable_grad():
            return torch.autograd.grad(fn(*values), leaves, ones)

    return call


def prepare(request):
    inputs = dict(zip("abcdefgh", (make_input(made) for made in request["inputs"])))
    places = {"torch": torch, "F": F, "aten": aten, "named": named, "backward_of": backward_of, **inputs}
    exec(request.get("setup") or "", places)
    return [eval("lambda: " + call, places) for call in request["calls"]]


def measure(call, seconds):
    times, start = [], time.perf_counter()
    while True:
        before = time.perf_counter()
        result = call()
        times.append(time.perf_counter() - before)
        del result
        passed = time.perf_counter() - start
        if passed > seconds and (len(times) >= 3 or passed > 8 * seconds):
            return {"least": min(times) * 1e3, "median": statistics.median(times) * 1e3}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, required=True)
    torch.set_num_threads(parser.parse_args().threads)
    torch.manual_seed(1)
    calls = []
    for line in sys.stdin:
        request = json.loads(line)
        try:
            with torch.no_grad():
                if not request.get("again"):
                    calls = []
                    calls = prepare(request)
                    for call in calls:
                        call()
                times = [measure(call, request["seconds"]) for call in calls]
                answer = {"ms": min(times, key=lambda ms: ms["least"]), "version": torch.__version__}
        except Exception as error:
            answer = {"error": str(error).split("\n")[0]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
