"""PyTorch's side of the benchmark: the same recipes as recipes/*.yaml, whole training steps on the CPU.

Reads lines "RECIPE BATCH SECONDS" on stdin; for each runs training steps for about that long (after a warm-up the first
time) and answers one JSON line {"imagesPerSecond", "parameters", "layout"}. A step is everything: gathering uint8
images by index, normalising, forward, backward, fused Adam. channels_last and NCHW are both tried at warm-up and
the faster one is kept.
"""
import json
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F
from fashion_mnist import read_images, read_labels

FOLDER, THREADS = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(THREADS)
torch.set_num_interop_threads(1)
torch.set_flush_denormal(True)
torch.manual_seed(1)


IMAGES = torch.from_numpy(read_images(FOLDER)).unsqueeze(1)
LABELS = torch.from_numpy(read_labels(FOLDER)).long()


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
    "logistic": lambda: mlp(),
    "mlp-256": lambda: mlp(256),
    "mlp-512-256": lambda: mlp(512, 256),
    "mlp-1024": lambda: mlp(1024),
    "cnn-3": cnn3,
    "cnn-small": Small,
    "cnn-tuned": tuned,
}


class Runner:
    def __init__(self, name, batch, layout):
        self.batch = batch
        self.layout = layout
        self.model = RECIPES[name]().to(memory_format=layout)
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
    name, batch, seconds = line.split()
    key = f"{name}@{batch}"
    if key not in runners:
        tried = [Runner(name, int(batch), layout) for layout in (torch.contiguous_format, torch.channels_last)]
        for runner in tried:
            runner.step()
        runners[key] = max(tried, key=lambda runner: runner.measure(min(float(seconds), 1.0)))
    runner = runners[key]
    print(
        json.dumps(
            {
                "imagesPerSecond": runner.measure(float(seconds)),
                "parameters": sum(p.numel() for p in runner.model.parameters()),
                "layout": str(runner.layout).replace("torch.", ""),
            }
        ),
        flush=True,
    )
