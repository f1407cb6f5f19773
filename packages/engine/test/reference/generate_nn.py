"""Writes nn.json and optim.json beside this file: reference values for the tests of nn/ and optim/.

Run with PyTorch 2.13 and NumPy:  python generate_nn.py && npx biome format --write .
Origin of the values: layers, losses, schedules and Muon are PyTorch's own results (float64 unless said), brought
to Atelier's layouts (NHWC, filters [kH, kW, C/groups, F], dense kernels [in, out]). Optimisers whose formulas
differ in Keras are NumPy transcriptions of keras 3.16 (keras/src/optimizers/{sgd,adam,adamw,rmsprop}.py and
base_optimizer.py: weight decay, clipping, moving average); where PyTorch agrees, it is run too and compared here.
Batch norm's moving update and asymmetric "same" padding follow Keras (batch_normalization.py, TensorFlow's SAME).
"""
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

here = pathlib.Path(__file__).parent
torch.set_default_dtype(torch.float64)


def wave(shape, seed):
    """Input values both sides compute alike: sin(1.7·i + seed), rounded to 1/1024 so that JSON stays short."""
    i = np.arange(int(np.prod(shape)))
    return torch.tensor(np.round(np.sin(1.7 * i + seed) * 1024) / 1024).reshape(shape)


def data(t):
    return [float(f"{x:.9g}") for x in t.detach().contiguous().reshape(-1).tolist()]


def nchw(x):
    return x.permute(0, 3, 1, 2)


def nhwc(x):
    return x.permute(0, 2, 3, 1)


def same_pads(extent, size, stride, dilation=1):
    span = (size - 1) * dilation + 1
    total = max(0, (-(-extent // stride) - 1) * stride + span - extent)
    return total // 2, total - total // 2


cases = []


def case(name, layers, images, parameters, output, training=False, **more):
    cases.append(
        {
            "name": name,
            "layers": layers,
            "input": list(images.shape),
            "training": training,
            "parameters": {k: list(v.shape) for k, v in parameters.items()},
            "output": data(output),
            **more,
        }
    )


# The test binds every leaf to wave(shape, seed): images seed 0, parameter number k (in order) seed k + 1.
x = wave((2, 5, 6, 4), 0)
k, b = wave((120, 3), 1), wave((3,), 2)
flat = x.reshape(2, -1)
activations = {
    "linear": lambda v: v,
    "relu": F.relu,
    "leakyRelu": lambda v: F.leaky_relu(v, 0.2),
    "gelu": F.gelu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
}
for activation, f in activations.items():
    case(
        f"dense {activation}",
        ["flatten", {"type": "dense", "units": 3, "activation": activation}],
        x,
        {"dense/kernel": k, "dense/bias": b},
        f(flat @ k + b),
    )
case("dense without bias", ["flatten", {"type": "dense", "units": 3, "useBias": False}], x, {"dense/kernel": k}, flat @ k)
case(
    "softmax inside",
    ["flatten", {"type": "activation", "activation": "softmax"}],
    wave((2, 1, 3, 2), 0),
    {},
    torch.softmax(wave((2, 6), 0), -1),
    # ends in softmax, so the test adds a linear activation
)
cases[-1]["layers"].append({"type": "activation", "activation": "linear"})


def conv(name, filters, size, strides=(1, 1), padding="valid", dilation=(1, 1), groups=1):
    kernel, bias = wave((*size, 4 // groups, filters), 1), wave((filters,), 2)
    padded = nchw(x)
    if padding == "same":
        top, bottom = same_pads(5, size[0], strides[0], dilation[0])
        left, right = same_pads(6, size[1], strides[1], dilation[1])
        padded = F.pad(padded, (left, right, top, bottom))
    y = F.conv2d(padded, kernel.permute(3, 2, 0, 1), bias, stride=strides, dilation=dilation, groups=groups)
    options = {"filters": filters, "kernelSize": list(size), "strides": list(strides), "padding": padding}
    options |= {"dilation": list(dilation), "groups": groups}
    case(name, [{"type": "conv2d", **options}, "flatten"], x, {"conv2d/kernel": kernel, "conv2d/bias": bias}, nhwc(y))


conv("conv2d valid", 3, (3, 3))
conv("conv2d same", 3, (3, 2), padding="same")
conv("conv2d same strided", 2, (3, 4), strides=(2, 2), padding="same")
conv("conv2d dilated", 2, (2, 2), dilation=(2, 3))
conv("conv2d grouped", 6, (3, 3), padding="same", groups=2)


def pool(name, kind, size, strides, padding):
    padded = nchw(x)
    if padding == "same":
        top, bottom = same_pads(5, size[0], strides[0])
        left, right = same_pads(6, size[1], strides[1])
    else:
        top = bottom = left = right = 0
    pads = (left, right, top, bottom)
    if kind == "maxPool2d":
        y = F.max_pool2d(F.pad(padded, pads, value=-torch.inf), size, strides)
    else:
        ones = F.avg_pool2d(F.pad(torch.ones_like(padded), pads), size, strides)
        y = F.avg_pool2d(F.pad(padded, pads), size, strides) / ones
    layer = {"type": kind, "poolSize": list(size), "strides": list(strides), "padding": padding}
    case(name, [layer, "flatten"], x, {}, nhwc(y))


for kind in ("maxPool2d", "averagePool2d"):
    pool(f"{kind} valid", kind, (2, 2), (2, 2), "valid")
    pool(f"{kind} same", kind, (2, 3), (2, 2), "same")
    pool(f"{kind} overlapping", kind, (3, 3), (1, 2), "same")
case("globalMaxPool2d", ["globalMaxPool2d"], x, {}, x.amax((1, 2)))
case("globalAveragePool2d", ["globalAveragePool2d"], x, {}, x.mean((1, 2)))

gamma, beta, moments = wave((4,), 1), wave((4,), 2), wave((2, 4), 3).abs()
bn = {"batch_normalization/gamma": gamma, "batch_normalization/beta": beta, "batch_normalization/moving_moments": moments}
layers = [{"type": "batchNorm", "momentum": 0.9}, "flatten"]
case("batchNorm evaluation", layers, x, bn, nhwc(F.batch_norm(nchw(x), moments[0], moments[1], gamma, beta, False, 0.1, 1e-3)), absolute=["batch_normalization/moving_moments"])
batch = torch.stack([x.mean((0, 1, 2)), x.var((0, 1, 2), correction=0)])
case(
    "batchNorm training", layers, x, bn,
    nhwc(F.batch_norm(nchw(x), None, None, gamma, beta, True, 0.1, 1e-3)),
    training=True,
    absolute=["batch_normalization/moving_moments"],
    updates={"batch_normalization/moving_moments": data(0.9 * moments + 0.1 * batch)},
)
case(
    "layerNorm", ["layerNorm", "flatten"], x,
    {"layer_normalization/gamma": gamma, "layer_normalization/beta": beta},
    F.layer_norm(x, (4,), gamma, beta, 1e-3),
)
case(
    "residual add",
    [
        {"type": "conv2d", "filters": 4, "kernelSize": 1, "useBias": False, "name": "c"},
        {"type": "add", "from": ["input", "c"]},
        "flatten",
    ],
    x, {"c/kernel": wave((1, 1, 4, 4), 1)}, x + x @ wave((4, 4), 1),
)
case(
    "concat",
    ["flatten", {"type": "dense", "units": 3, "name": "d"}, {"type": "concat", "from": ["d", "flatten"]}],
    x, {"d/kernel": k, "d/bias": b}, torch.cat([flat @ k + b, flat], 1),
)
case(
    "regularised dense",
    ["flatten", {"type": "dense", "units": 3, "kernelRegularizer": {"l1": 0.02, "l2": 0.3}}],
    x, {"dense/kernel": k, "dense/bias": b}, flat @ k + b,
    regularization=float(0.02 * k.abs().sum() + 0.3 * (k**2).sum()),
)

# Losses: logits wave(seed 0)·4, labels given; class weights as Keras: weighted per example, mean over the batch.
logits = wave((5, 4), 0) * 4
labels = torch.tensor([0, 3, 1, 1, 2])
weights = torch.tensor([0.5, 2.0, 1.0, 3.0])
losses = []
for smoothing in (0.0, 0.1):
    per = F.cross_entropy(logits, labels, reduction="none", label_smoothing=smoothing)
    losses.append({"labelSmoothing": smoothing, "perExample": data(per), "mean": float(per.mean())})
    weighted = per * weights[labels]
    losses.append({"labelSmoothing": smoothing, "classWeights": weights.tolist(), "perExample": data(weighted), "mean": float(weighted.mean())})

reference = {"layers": cases, "losses": {"shape": [5, 4], "scale": 4, "labels": labels.tolist(), "cases": losses}}
(here / "nn.json").write_text(json.dumps(reference, indent=1) + "\n")

# Optimisers: three parameters over five steps; gradients wave(seed 10·t + k)·size, rates change from step to step.
shapes = {"a/kernel": (6, 4), "a/bias": (4,), "b/kernel": (4, 3)}
steps = 5
sizes = [0.5, 2.0, 0.01, 1.0, 3.0]
rates = [1.0, 0.8, 0.6, 1.2, 0.5]  # factors on the learning rate
start = {n: wave(s, k) for k, (n, s) in enumerate(shapes.items())}


def gradient(name, t):
    return wave(shapes[name], 10 * t + list(shapes).index(name)).numpy() * sizes[t - 1]


def run_keras(rule, lr, decay=0.0, clip=None, ema=None):
    """`rule(slots, w, g, lr, t)` is one variable's update_step; returns weights after each step."""
    w = {n: v.numpy().copy() for n, v in start.items()}
    slots = {n: {} for n in w}
    averages = {n: np.zeros(s) for n, s in shapes.items()}
    history = []
    for t in range(1, steps + 1):
        grads = {n: gradient(n, t) for n in w}
        if clip and "globalNorm" in clip:
            norm = np.sqrt(sum((g**2).sum() for g in grads.values()))
            grads = {n: g * clip["globalNorm"] * min(1 / norm, 1 / clip["globalNorm"]) for n, g in grads.items()}
        if clip and "value" in clip:
            grads = {n: np.clip(g, -clip["value"], clip["value"]) for n, g in grads.items()}
        rate = lr * rates[t - 1]
        for n in w:
            w[n] = w[n] - w[n] * decay * rate
            w[n] = rule(slots[n], w[n], grads[n], rate, t)
            if ema:
                momentum = ema * (t != 1)
                averages[n] = momentum * averages[n] + (1 - momentum) * w[n]
        history.append({n: data(torch.tensor(v)) for n, v in (averages if ema else w).items()})
    return history


def keras_sgd(momentum=0.0, nesterov=False):
    def rule(s, w, g, lr, t):
        if momentum == 0:
            return w - g * lr
        s["m"] = s.get("m", 0) * momentum - g * lr
        return w + (s["m"] * momentum - g * lr if nesterov else s["m"])
    return rule


def keras_adam(b1=0.9, b2=0.999, eps=1e-7):
    def rule(s, w, g, lr, t):
        alpha = lr * np.sqrt(1 - b2**t) / (1 - b1**t)
        s["m"] = s.get("m", 0) + (g - s.get("m", 0)) * (1 - b1)
        s["v"] = s.get("v", 0) + (g**2 - s.get("v", 0)) * (1 - b2)
        return w - s["m"] * alpha / (np.sqrt(s["v"]) + eps)
    return rule


def keras_rmsprop(rho=0.9, momentum=0.0, eps=1e-7):
    def rule(s, w, g, lr, t):
        s["v"] = rho * s.get("v", 0) + (1 - rho) * g**2
        increment = lr * g / np.sqrt(s["v"] + eps)
        if momentum == 0:
            return w - increment
        s["m"] = momentum * s.get("m", 0) + increment
        return w - s["m"]
    return rule


def run_torch(make, names=tuple(shapes), transpose=False, ratio=1.0):
    params = {n: torch.nn.Parameter(start[n].T.clone() if transpose else start[n].clone()) for n in names}
    optimizer = make(list(params.values()))
    base = optimizer.param_groups[0]["lr"]
    history = []
    for t in range(1, steps + 1):
        for n, p in params.items():
            g = torch.tensor(gradient(n, t))
            p.grad = g.T.clone() if transpose else g
        optimizer.param_groups[0]["lr"] = base * rates[t - 1] * ratio
        optimizer.step()
        history.append({n: data(p.T if transpose else p) for n, p in params.items()})
    return history


def agree(a, b, tolerance, what):
    worst = max(np.abs(np.array(x[n]) - np.array(y[n])).max() for x, y in zip(a, b) for n in y)
    assert worst < tolerance, f"{what}: transcription and PyTorch differ by {worst}"
    print(f"{what}: transcription and PyTorch agree to {worst:.1e}")


sgd = run_keras(keras_sgd(), 0.05)
agree(sgd, run_torch(lambda p: torch.optim.SGD(p, lr=0.05)), 1e-8, "sgd")
adam = run_keras(keras_adam(eps=1e-15), 0.01)
agree(adam, run_torch(lambda p: torch.optim.Adam(p, lr=0.01, eps=1e-15)), 1e-8, "adam (tiny epsilon)")
decayed = run_keras(keras_adam(eps=1e-15), 0.01, decay=0.1)
agree(decayed, run_torch(lambda p: torch.optim.AdamW(p, lr=0.01, eps=1e-15, weight_decay=0.1)), 1e-8, "adamW (tiny epsilon)")
rms = run_keras(keras_rmsprop(momentum=0.5, eps=1e-30), 0.01)
# PyTorch applies the rate outside its momentum: compared at a constant rate
saved, rates = rates, [1.0] * steps
agree(run_keras(keras_rmsprop(momentum=0.5, eps=1e-30), 0.01), run_torch(lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.9, momentum=0.5, eps=1e-15)), 1e-8, "rmsprop (constant rate)")
agree(run_keras(keras_sgd(0.9, True), 0.05), run_torch(lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True)), 1e-8, "sgd nesterov (constant rate)")
rates = saved

# Muon: the hidden kernel by torch.optim.Muon with the bfloat16 of its Newton–Schulz lifted to float64; the rest
# by Keras' AdamW step at a tenth of the rate.
import inspect

import torch.optim._muon as torch_muon

source = inspect.getsource(torch_muon._zeropower_via_newtonschulz).replace("grad.bfloat16()", "grad.clone()")
exec(source, torch_muon.__dict__)
hidden = run_torch(lambda p: torch.optim.Muon(p, lr=0.02, weight_decay=0.01), names=("a/kernel",), transpose=True)
rest = run_keras(keras_adam(), 0.002, decay=0.01)
muon = [{**r, **h} for r, h in zip(rest, hidden)]
# a wide kernel, to see the factor √(out/in)
shapes_before, start_before = shapes, start
shapes = {"a/kernel": (3, 8), "a/bias": (8,), "b/kernel": (8, 3)}
start = {n: wave(s, k) for k, (n, s) in enumerate(shapes.items())}
hidden = run_torch(lambda p: torch.optim.Muon(p, lr=0.02, weight_decay=0.01), names=("a/kernel",), transpose=True)
wide = [{**r, **h} for r, h in zip(run_keras(keras_adam(), 0.002, decay=0.01), hidden)]
wide_shapes = shapes
shapes, start = shapes_before, start_before

optimizers = [
    {"name": "sgd", "config": {"type": "sgd", "learningRate": 0.05}, "history": sgd},
    {"name": "sgd momentum", "config": {"type": "sgd", "learningRate": 0.05, "momentum": 0.9}, "history": run_keras(keras_sgd(0.9), 0.05)},
    {"name": "sgd nesterov", "config": {"type": "sgd", "learningRate": 0.05, "momentum": 0.9, "nesterov": True}, "history": run_keras(keras_sgd(0.9, True), 0.05)},
    {"name": "adam", "config": {"type": "adam", "learningRate": 0.01}, "history": run_keras(keras_adam(), 0.01)},
    {"name": "adam betas", "config": {"type": "adam", "learningRate": 0.01, "beta1": 0.5, "beta2": 0.9, "epsilon": 0.001}, "history": run_keras(keras_adam(0.5, 0.9, 1e-3), 0.01)},
    {"name": "adamW", "config": {"type": "adamW", "learningRate": 0.01, "weightDecay": 0.1}, "history": run_keras(keras_adam(), 0.01, decay=0.1)},
    {"name": "rmsprop", "config": {"type": "rmsprop", "learningRate": 0.01}, "history": run_keras(keras_rmsprop(), 0.01)},
    {"name": "rmsprop momentum", "config": {"type": "rmsprop", "learningRate": 0.01, "rho": 0.8, "momentum": 0.5}, "history": run_keras(keras_rmsprop(0.8, 0.5), 0.01)},
    {"name": "muon", "config": {"type": "muon"}, "history": muon},
    {"name": "muon wide", "config": {"type": "muon"}, "shapes": wide_shapes, "history": wide},
    {"name": "clip by global norm", "config": {"type": "sgd", "learningRate": 0.05}, "clip": {"globalNorm": 2.0}, "history": run_keras(keras_sgd(), 0.05, clip={"globalNorm": 2.0})},
    {"name": "clip by value", "config": {"type": "sgd", "learningRate": 0.05}, "clip": {"value": 0.4}, "history": run_keras(keras_sgd(), 0.05, clip={"value": 0.4})},
    {"name": "weight average", "config": {"type": "adam", "learningRate": 0.01}, "ema": {"decay": 0.7}, "history": run_keras(keras_adam(), 0.01, ema=0.7)},
]

# Schedules: PyTorch's rates for every step.
def torch_rates(make, total, peak=1.0):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=peak)
    scheduler = make(optimizer)
    result = []
    for _ in range(total):
        result.append(float(f"{optimizer.param_groups[0]['lr']:.12g}"))
        optimizer.step()
        scheduler.step()
    return result


lr = torch.optim.lr_scheduler


def quiet_one_cycle(total, **options):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    scheduler = lr.OneCycleLR(optimizer, max_lr=0.1, total_steps=total, cycle_momentum=False, **options)
    result = []
    for step in range(total):
        result.append(float(f"{optimizer.param_groups[0]['lr']:.12g}"))
        optimizer.step()
        if step < total - 1:
            scheduler.step()
    return result


schedules = [
    {"schedule": {"type": "oneCycle"}, "peak": 0.1, "total": 40, "rates": quiet_one_cycle(40)},
    {"schedule": {"type": "oneCycle"}, "peak": 0.1, "total": 7, "rates": quiet_one_cycle(7)},
    {"schedule": {"type": "oneCycle", "rise": 0.45, "initialDivisor": 10, "finalDivisor": 50}, "peak": 0.1, "total": 33, "rates": quiet_one_cycle(33, pct_start=0.45, div_factor=10, final_div_factor=50)},
    {"schedule": {"type": "cosine", "final": 0.1}, "peak": 1, "total": 20, "rates": torch_rates(lambda o: lr.CosineAnnealingLR(o, 20, eta_min=0.1), 20)},
    {"schedule": {"type": "stepDecay", "every": 6, "factor": 0.5}, "peak": 1, "total": 20, "rates": torch_rates(lambda o: lr.StepLR(o, 6, 0.5), 20)},
    {"schedule": {"type": "linear", "final": 0.2}, "peak": 1, "total": 20, "rates": torch_rates(lambda o: lr.LinearLR(o, 1.0, 0.2, 20), 20)},
    {"schedule": {"type": "constant", "warmup": 5}, "peak": 1, "total": 10, "rates": torch_rates(lambda o: lr.LinearLR(o, 0.2, 1.0, 4), 10)},
    {
        "schedule": {"type": "cosine", "warmup": 0.25}, "peak": 1, "total": 20,
        "rates": [(s + 1) / 5 for s in range(5)] + torch_rates(lambda o: lr.CosineAnnealingLR(o, 15), 15),
    },
]
reference = {"shapes": shapes, "sizes": sizes, "rates": rates, "optimizers": optimizers, "schedules": schedules}
(here / "optim.json").write_text(json.dumps(reference, indent=1) + "\n")
