"""Keras' side of the benchmark (TensorFlow): the same recipes as recipes/*.yaml, whole training steps on the CPU.

Speaks as pytorch_peer.py does. A step is one tf.function: picking uint8 images by index from a resident tensor,
normalising, forward, backward, Adam. With and without XLA are both tried at warm-up and the faster one is kept.
"""
import json
import os
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import tensorflow as tf
from keras import layers
from fashion_mnist import read_images, read_labels

FOLDER, THREADS = sys.argv[1], int(sys.argv[2])
tf.config.threading.set_intra_op_parallelism_threads(THREADS)
tf.config.threading.set_inter_op_parallelism_threads(1)
keras.utils.set_random_seed(1)

IMAGES = tf.constant(read_images(FOLDER)[..., None])
LABELS = tf.constant(read_labels(FOLDER).astype("int32"))


def mlp(*widths):
    hidden = [layer for width in widths for layer in (layers.Dense(width, activation="relu"), layers.Dropout(0.3))]
    return [layers.Flatten(), *hidden, layers.Dense(10)]


def small():
    """cnn-small: conv -> [pool] -> batch norm -> relu, global max pool, dense."""
    stack = []
    for filters, pool in [(16, False), (32, True), (32, False), (64, True), (64, False), (128, True), (128, False)]:
        stack.append(layers.Conv2D(filters, 3, padding="same", use_bias=False))
        if pool:
            stack.append(layers.MaxPooling2D(2))
        stack += [layers.BatchNormalization(momentum=0.9), layers.ReLU()]
    return [*stack, layers.GlobalMaxPooling2D(), layers.Dense(10)]


def cnn3():
    stack = []
    for filters in (8, 16, 32):
        stack += [layers.Conv2D(filters, 3, padding="same", activation="relu"), layers.MaxPooling2D(2, padding="same")]
        stack.append(layers.Dropout(0.2))
    return [*stack, layers.Flatten(), layers.Dense(10)]


def tuned():
    return [
        layers.Conv2D(512, 5, padding="same", activation="relu"), layers.MaxPooling2D(2),
        layers.Conv2D(512, 3, padding="same", activation="relu"),
        layers.Conv2D(128, 7, padding="same", activation="relu"), layers.BatchNormalization(), layers.MaxPooling2D(2),
        layers.Conv2D(64, 5, padding="same", activation="relu"), layers.Dropout(0.4),
        layers.Flatten(), layers.Dense(10),
    ]


RECIPES = {
    "logistic": lambda: mlp(),
    "mlp-256": lambda: mlp(256),
    "mlp-512-256": lambda: mlp(512, 256),
    "mlp-1024": lambda: mlp(1024),
    "cnn-3": cnn3,
    "cnn-small": small,
    "cnn-tuned": tuned,
}


class Runner:
    def __init__(self, name, batch, xla):
        self.batch = batch
        self.layout = "XLA" if xla else "graph"
        self.model = keras.Sequential([layers.Input((28, 28, 1)), *RECIPES[name]()])
        self.optimizer = keras.optimizers.Adam(1e-3)
        self.optimizer.build(self.model.trainable_variables)
        loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

        @tf.function(jit_compile=xla)
        def step(index):
            x = tf.cast(tf.gather(IMAGES, index), tf.float32) / 255
            with tf.GradientTape() as tape:
                loss = loss_of(tf.gather(LABELS, index), self.model(x, training=True))
            variables = self.model.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            return loss

        self.step = step
        self.reshuffle()

    def reshuffle(self):
        self.order = tf.random.shuffle(tf.range(len(IMAGES)))
        self.position = 0

    def measure(self, seconds):
        steps, started = 0, time.perf_counter()
        while time.perf_counter() - started < seconds or steps == 0:
            if self.position + self.batch > len(IMAGES):
                self.reshuffle()
            loss = self.step(self.order[self.position : self.position + self.batch])
            self.position += self.batch
            steps += 1
        loss.numpy()
        return steps * self.batch / (time.perf_counter() - started)


runners = {}
print(json.dumps({"ready": True, "version": f"{keras.__version__} on TensorFlow {tf.__version__}"}), flush=True)
for line in sys.stdin:
    name, batch, seconds = line.split()
    key = f"{name}@{batch}"
    if key not in runners:
        tried = [Runner(name, int(batch), xla) for xla in (False, True)]
        for runner in tried:
            runner.measure(0)
        runners[key] = max(tried, key=lambda runner: runner.measure(min(float(seconds), 1.0)))
    runner = runners[key]
    print(
        json.dumps(
            {
                "imagesPerSecond": runner.measure(float(seconds)),
                "parameters": sum(int(tf.size(v)) for v in runner.model.trainable_variables),
                "layout": runner.layout,
            }
        ),
        flush=True,
    )
