"""The training images and labels of Fashion-MNIST as numpy arrays, from the IDX files of a folder, gzipped or not."""
import gzip
import os

import numpy


def read_images(folder):
    return read_idx(folder, "train-images-idx3-ubyte", 16).reshape(-1, 28, 28)


def read_labels(folder):
    return read_idx(folder, "train-labels-idx1-ubyte", 8)


def read_idx(folder, name, offset):
    path = os.path.join(folder, name)
    data = gzip.open(path + ".gz").read() if os.path.exists(path + ".gz") else open(path, "rb").read()
    return numpy.frombuffer(data, dtype=numpy.uint8, offset=offset).copy()
