"""Reads 16 batches by 8 loaders where 256 files may be open; prints the files that a batch costs.

`python -m tests.helpers.few_files FOLDER` of a generated data set; test_loaders.py calls it.
"""

import os
import resource
import sys
from pathlib import Path

import cv2
import numpy as np
import torch

from tpr.data.loader import TrainingData, read_ahead
from tpr.data.youtube_vis import YouTubeVIS
from tpr.devices.host_limits import raise_open_files

LOADERS, BATCHES = 8, 16


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def main() -> None:
    folder = Path(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (128, 256))
    print(raise_open_files())
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (256, 256)
    dataset = YouTubeVIS(folder / "train.json", folder / "frames" / "train")
    # with threads of OpenCV in this process, for which a forked loader must not wait
    cv2.setNumThreads(4)
    cv2.GaussianBlur(np.zeros((2000, 2000, 3), np.uint8), (31, 31), 0)
    data = TrainingData(dataset, batch_size=8, seed=0, short_edge=(40, 48))
    # all are held, as those that have come and wait are
    held = list(read_ahead(data.pairs, range(BATCHES), LOADERS, torch.device("cpu")))
    most = open_files()
    held.clear()
    print((most - open_files()) / BATCHES)


if __name__ == "__main__":
    main()
