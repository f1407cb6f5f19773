"""Writes classification.json: predictions and what scikit-learn makes of them.

Run by hand: python3 make-classification.py && npx biome format --write classification.json
"""

import json
import pathlib

import numpy as np
import sklearn
from sklearn.metrics import (
    classification_report,
    confusion_matrix,
    log_loss,
    top_k_accuracy_score,
)


def expected_calibration_error(probabilities, labels, bins=15):
    """Guo et al. 2017 in NumPy: scikit-learn has no such function."""
    confidence = probabilities.max(axis=1).astype(np.float64)
    correct = probabilities.argmax(axis=1) == labels
    edges = np.linspace(0, 1, bins + 1)
    total = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            total += inside.mean() * abs(correct[inside].mean() - confidence[inside].mean())
    return total


def case(name, class_names, probabilities, labels, digits):
    classes = np.arange(len(class_names))
    predicted = probabilities.argmax(axis=1)
    options = dict(labels=classes, target_names=class_names, zero_division=0)
    report = classification_report(labels, predicted, output_dict=True, **options)
    ks = [k for k in (1, 2, 3, 5) if k < len(class_names)]
    return {
        "name": name,
        "classNames": class_names,
        "probabilities": [float(p) for p in probabilities.ravel()],
        "labels": labels.tolist(),
        "digits": digits,
        "text": classification_report(labels, predicted, digits=digits, **options),
        "report": report,
        "loss": log_loss(labels, probabilities, labels=classes),
        "confusion": confusion_matrix(labels, predicted, labels=classes).tolist(),
        "topK": {str(k): top_k_accuracy_score(labels, probabilities, k=k, labels=classes) for k in ks}
        if len(class_names) > 2
        else {"1": float((predicted == labels).mean())},
        "ece": expected_calibration_error(probabilities, labels),
    }


def noisy(generator, count, classes, strength):
    labels = generator.integers(0, classes, count)
    logits = generator.normal(size=(count, classes))
    logits[np.arange(count), labels] += strength
    exponent = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (exponent / exponent.sum(axis=1, keepdims=True)).astype(np.float32), labels


def one_hot(rows, classes):
    return np.eye(classes, dtype=np.float32)[np.array(rows)]


generator = np.random.default_rng(20261123)
fashion = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
three, three_labels = noisy(generator, 41, 3, 1.0)
cases = [
    case("ten classes", fashion, *noisy(generator, 250, 10, 2.5), 4),
    case("three classes, default digits", ["a", "bb", "a much longer class name"], three, three_labels, 2),
    case("two classes", ["no", "yes"], *noisy(generator, 30, 2, 1.0), 3),
    # Class 2 is never predicted, class 3 never occurs; certain and wrong, so the loss is clipped. Scores of 1/8 print as 0.12.
    case("absent classes", ["p", "q", "r", "s"], one_hot([0] * 8 + [1, 1, 3], 4), np.array([0] + [2] * 7 + [1, 0, 1]), 2),
]
origin = f"scikit-learn {sklearn.__version__}, NumPy {np.__version__}; make-classification.py"
target = pathlib.Path(__file__).with_name("classification.json")
target.write_text(json.dumps({"origin": origin, "cases": cases}, indent=1) + "\n")
