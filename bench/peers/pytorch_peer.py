"""PyTorch's side of the benchmark: the same recipes as recipes/*.yaml, whole training steps on the CPU.

Reads lines "RECIPE SECONDS" on stdin; for each runs training steps for about that long (after a warm-up the first
time) and answers one JSON line {"recipe", "imagesPerSecond", "parameters"}. A step is everything: gathering uint8
images by index, normalising, forward, backward, fused Adam. channels_last and NCHW are both tried at warm-up and
the faster one is kept.
"""
import gzip
import json
import os
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

FOLDER, THREADS = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(THREADS)
torch.set_num_interop_threads(1)
torch.set_flush_denormal(True)
torch.manual_seed(1)


def read_idx(name, offset):
    path = os.path.join(FOLDER, name)
    data = gzip.open(path + ".gz").read() if os.path.exists(path + ".gz") else open(path, "rb").read()
    return torch.frombuffer(bytearray(data[offset:]), dtype=torch.uint8)


IMAGES = read_idx("train-images-idx3-ubyte", 16).reshape(-1, 1, 28, 28)
LABELS = read_idx("train-labels-idx1-ubyte", 8).long()


def mlp(*widths):
    sizes = [784, *widths]
    layers = [nn.Flatten()]
    for a, b in zip(sizes, sizes[1:]):
        layers += [nn.Linear(a, b), nn.ReLU(), nn.Dropout(0.3)]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], 10))


class Small(nn.Module):
    """cnn-small: conv -> [pool] -> batch norm -> relu, global max pool, dense."""

    def __init__(self):
        super().__init__()
        plan = [(1, 16, False), (16, 32, True), (32, 32, False), (32, 64, True), (64, 64, False), (64, 128, True), (128, 128, False)]
        blocks = []
        for a, b, pool in plan:
            blocks.append(nn.Conv2d(a, b, 3, padding=1, bias=False))
            if pool:
                blocks.append(nn.MaxPool2d(2))
            blocks += [nn.BatchNorm2d(b), nn.ReLU()]
        self.features = nn.Sequential(*blocks)
        self.head = nn.Linear(128, 10)

    def forward(self, x):
        return self.head(self.features(x).amax((2, 3)))


def cnn3():
    layers, channels = [], 1
    for filters in (8, 16, 32):
        layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2, 2, ceil_mode=True), nn.Dropout(0.2)]
        channels = filters
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(4 * 4 * 32, 10))


def tuned():
    return nn.Sequential(
        nn.Conv2d(1, 512, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(512, 512, 3, padding=1), nn.ReLU(),
        nn.Conv2d(512, 128, 7, padding=3), nn.ReLU(), nn.BatchNorm2d(128), nn.MaxPool2d(2),
        nn.Conv2d(128, 64, 5, padding=2), nn.ReLU(), nn.Dropout(0.4),
        nn.Flatten(), nn.Linear(3136, 10),
    )


RECIPES = {
    "logistic": (lambda: mlp(), 128),
    "mlp-256": (lambda: mlp(256), 128),
    "mlp-512-256": (lambda: mlp(512, 256), 128),
    "mlp-1024": (lambda: mlp(1024), 128),
    "cnn-3": (cnn3, 128),
    "cnn-small": (Small, 256),
    "cnn-tuned": (tuned, 64),
}


class Runner:
    def __init__(self, name, layout):
        build, self.batch = RECIPES[name]
        self.layout = layout
        self.model = build().to(memory_format=layout)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3, eps=1e-7, fused=True)
        self.order = torch.randperm(len(IMAGES))
        self.position = 0
        self.model.train()

    def step(self):
        if self.position + self.batch > len(self.order):
            self.order = torch.randperm(len(IMAGES))
            self.position = 0
        index = self.order[self.position : self.position + self.batch]
        self.position += self.batch
        x = (IMAGES[index].float() / 255).to(memory_format=self.layout)
        loss = F.cross_entropy(self.model(x), LABELS[index])
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss

    def measure(self, seconds):
        steps, started = 0, time.perf_counter()
        while time.perf_counter() - started < seconds or steps == 0:
            self.step()
            steps += 1
        return steps * self.batch / (time.perf_counter() - started)


runners = {}
print(json.dumps({"ready": True, "version": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
for line in sys.stdin:
    name, seconds = line.split()
    if name not in runners:
        tried = [Runner(name, layout) for layout in (torch.contiguous_format, torch.channels_last)]
        for runner in tried:
            runner.step()
        runners[name] = max(tried, key=lambda runner: runner.measure(min(float(seconds), 1.0)))
    runner = runners[name]
    print(
        json.dumps(
            {
                "recipe": name,
                "imagesPerSecond": runner.measure(float(seconds)),
                "parameters": sum(p.numel() for p in runner.model.parameters()),
                "layout": str(runner.layout).replace("torch.", ""),
            }
        ),
        flush=True,
    )
