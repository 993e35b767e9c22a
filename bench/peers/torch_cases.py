"""The cases of bench/ in PyTorch: the three workloads and the call overhead of a + b on 16 elements.

python3 torch_cases.py --case mlp_tiny|mlp_mnist|lenet_mnist|overhead --threads N   prints one JSON object.
"""

import argparse
import json
import resource
import statistics
import time

import torch
from torch import nn


def mlp(sizes, activation):
    layers = []
    for i, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
        if i:
            layers.append(activation())
        layers.append(nn.Linear(inputs, outputs))
    return nn.Sequential(*layers)


def make_case(name):
    """The model, its optimizer, and the fixed batch of a workload."""
    if name == "mlp_tiny":
        model = mlp([16, 64, 64, 4], nn.Tanh)
        return model, torch.optim.SGD(model.parameters(), lr=0.1), torch.randn(32, 16), torch.randint(0, 4, (32,))
    if name == "mlp_mnist":
        model = mlp([784, 512, 512, 10], nn.ReLU)
        return model, torch.optim.Adam(model.parameters(), lr=1e-3), torch.randn(128, 784), torch.randint(0, 10, (128,))
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(9216, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )
    return (
        model,
        torch.optim.Adam(model.parameters(), lr=1e-3),
        torch.randn(64, 1, 28, 28),
        torch.randint(0, 10, (64,)),
    )


def measure_workload(name, min_steps=20, min_seconds=3.0):
    torch.manual_seed(1234)
    model, optimizer, x, y = make_case(name)
    loss_of = nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad()
        loss = loss_of(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    first = step().item()
    for _ in range(2):
        step()
    times, start = [], time.perf_counter()
    while len(times) < min_steps or time.perf_counter() - start < min_seconds:
        before = time.perf_counter()
        step()
        times.append(time.perf_counter() - before)
    return {
        "workload": name,
        "backend": "torch",
        "mode": "eager",
        "isa": torch.backends.cpu.get_cpu_capability().lower(),
        "threads": torch.get_num_threads(),
        "median_ms": statistics.median(times) * 1e3,
        "min_ms": min(times) * 1e3,
        "steps": len(times),
        "loss_first": first,
        "loss_last": step().item(),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def measure_overhead(calls=200_000, rounds=5):
    a, b = torch.ones(16), torch.ones(16)
    results = []
    with torch.no_grad():
        for _ in range(rounds + 1):
            start = time.perf_counter()
            for _ in range(calls):
                a.add(b)
            results.append((time.perf_counter() - start) * 1e9 / calls)
    kept = sorted(results[1:])
    return {"case": "overhead", "backend": "torch", "median_ns": kept[len(kept) // 2], "min_ns": kept[0]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--case", required=True)
    parser.add_argument("--threads", type=int, required=True)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print(json.dumps(measure_overhead() if args.case == "overhead" else measure_workload(args.case)))


if __name__ == "__main__":
    main()
