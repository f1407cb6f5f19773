"""Losses of the first steps of two small models in PyTorch, as golden curves for our training step.

Run: python golden_curves.py > golden-curves.json
Weights, images and labels come from formulas, so that nothing but numbers travels. Adam is Keras' (epsilon outside
the corrected root), written out. Everything in float64: our float32 curves must agree to rounding.
"""
import json

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
N, H, W, C, CLASSES, BATCH, STEPS = 48, 9, 7, 1, 3, 8, 6


def wave(shape, phase, scale=0.3):
    count = int(np.prod(shape))
    return torch.tensor(scale * np.sin(np.arange(1, count + 1) * 0.7 + phase)).reshape(shape)


images = torch.tensor((np.arange(N * H * W * C) * 7919 % 251).astype(np.float64)).reshape(N, H, W, C) / 255
labels = torch.tensor(np.arange(N) * 5 % CLASSES)
images = images * (0.4 + 0.3 * labels.reshape(-1, 1, 1, 1))
images = torch.floor(images * 255) / 255


def cnn(p, x, training, moving):
    x = x.permute(0, 3, 1, 2)
    x = F.conv2d(x, p["conv2d/kernel"].permute(3, 2, 0, 1), padding=1)
    x = F.max_pool2d(F.relu(x), 2)
    mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
    x = (x - mean.reshape(1, -1, 1, 1)) / torch.sqrt(var.reshape(1, -1, 1, 1) + 1e-3)
    x = x * p["batch_normalization/gamma"].reshape(1, -1, 1, 1) + p["batch_normalization/beta"].reshape(1, -1, 1, 1)
    moving.append((mean.detach(), var.detach()))
    x = x.permute(0, 2, 3, 1).reshape(x.shape[0], -1)
    return x @ p["dense/kernel"] + p["dense/bias"]


def mlp(p, x, training, moving):
    x = x.reshape(x.shape[0], -1)
    x = F.gelu(x @ p["dense/kernel"] + p["dense/bias"])
    return x @ p["dense_1/kernel"] + p["dense_1/bias"]


def run(forward, shapes):
    p = {name: wave(shape, phase).requires_grad_() for phase, (name, shape) in enumerate(shapes.items())}
    if "batch_normalization/gamma" in p:
        p["batch_normalization/gamma"] = (1 + wave(shapes["batch_normalization/gamma"], 9)).detach().requires_grad_()
    m = {k: torch.zeros_like(v) for k, v in p.items()}
    v = {k: torch.zeros_like(t) for k, t in p.items()}
    losses, correct, moving = [], [], []
    for step in range(STEPS):
        rows = slice(step * BATCH, (step + 1) * BATCH)
        logits = forward(p, images[rows], True, moving)
        loss = F.cross_entropy(logits, labels[rows], label_smoothing=0.1)
        loss = loss + 0.01 * (p[list(shapes)[0]] ** 2).sum()
        losses.append(loss.item())
        correct.append((logits.argmax(1) == labels[rows]).sum().item())
        grads = torch.autograd.grad(loss, list(p.values()))
        t = step + 1
        with torch.no_grad():
            for (name, w), g in zip(p.items(), grads):
                m[name] += 0.1 * (g - m[name])
                v[name] += 0.001 * (g * g - v[name])
                alpha = 0.01 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
                w -= alpha * m[name] / (torch.sqrt(v[name]) + 1e-7)
    result = {"losses": losses, "correct": correct, "weights": {k: t.detach().flatten()[:6].tolist() for k, t in p.items()}}
    if moving:
        mean, var = torch.zeros(4), torch.ones(4)
        for a, b in moving:
            mean, var = 0.99 * mean + 0.01 * a, 0.99 * var + 0.01 * b
        result["moving"] = {"mean": mean.tolist(), "variance": var.tolist()}
    return result


print(
    json.dumps(
        {
            "origin": f"PyTorch {torch.__version__}, float64, packages/engine/test/reference/golden_curves.py",
            "cnn": run(
                cnn,
                {
                    "conv2d/kernel": (3, 3, 1, 4),
                    "batch_normalization/gamma": (4,),
                    "batch_normalization/beta": (4,),
                    "dense/kernel": (4 * 3 * 4, 3),
                    "dense/bias": (3,),
                },
            ),
            "mlp": run(mlp, {"dense/kernel": (63, 17), "dense/bias": (17,), "dense_1/kernel": (17, 3), "dense_1/bias": (3,)}),
        },
        indent=1,
    )
)
