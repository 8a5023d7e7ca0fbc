"""Videos and folders of pictures are read frame by frame; written ones can be read again."""

from fractions import Fraction

import cv2
import numpy as np
import pytest
from PIL import Image

from tpr.data.clips import FOLDER_RATE, open_clip
from tpr.data.media.video_writer import VideoWriter


def picture(height: int, width: int, shift: int) -> np.ndarray:
    """Smooth colours, so that lossy coding keeps them."""
    y, x = np.mgrid[:height, :width]
    channels = [x * 255 // width, y * 255 // height, np.full_like(x, 40 * shift)]
    return np.stack(channels, axis=-1).astype(np.uint8)


def test_a_written_video_has_its_frames_rate_and_even_sides(tmp_path):
    path = tmp_path / "clip.mp4"
    frames = [picture(49, 63, shift) for shift in range(5)]
    with VideoWriter(path, Fraction(12)) as writer:
        for frame in frames:
            writer.write(frame)
    clip = open_clip(path)
    assert (clip.height, clip.width, clip.rate, clip.length) == (50, 64, 12, 5)
    found = list(clip.frames())
    assert len(found) == 5
    for one, other in zip(found, frames, strict=True):
        assert np.abs(one[:49, :63].astype(int) - other).mean() < 6


def test_a_folder_is_read_in_order_of_names_at_the_first_ones_size(tmp_path):
    for name, size, shift in (("b.png", (20, 30), 2), ("a.PNG", (10, 16), 1), ("c.txt", (9, 9), 3)):
        encoded = cv2.imencode(".png", picture(*size, shift)[..., ::-1])[1]
        (tmp_path / name).write_bytes(encoded.tobytes())
    clip = open_clip(tmp_path)
    assert (clip.height, clip.width, clip.rate, clip.length) == (10, 16, FOLDER_RATE, 2)
    first, second = clip.frames()
    np.testing.assert_array_equal(first, picture(10, 16, 1))
    assert second.shape == (10, 16, 3) and (second[..., 2] == 80).all()


@pytest.mark.parametrize(
    ("ending", "options", "rate"),
    [
        ("png", {"duration": 40}, 25),
        ("webp", {"duration": [10, 20, 60], "lossless": True}, Fraction(100, 3)),
        ("tif", {}, FOLDER_RATE),
    ],
)
def test_all_pages_of_a_picture_are_played(tmp_path, ending, options, rate):
    frames = [picture(10, 16, shift) for shift in range(3)]
    first, *more = map(Image.fromarray, frames)
    first.save(tmp_path / f"a.{ending}", save_all=True, append_images=more, **options)
    clip = open_clip(tmp_path / f"a.{ending}")
    assert (clip.height, clip.width, clip.rate, clip.length) == (10, 16, rate, 3)
    np.testing.assert_array_equal(list(clip.frames()), frames)


def test_a_preview_in_a_photo_is_no_frame(tmp_path):
    first, second = (Image.fromarray(picture(10, 16, shift)) for shift in range(2))
    first.save(tmp_path / "a.jpg", format="MPO", save_all=True, append_images=[second])
    assert open_clip(tmp_path / "a.jpg").length == 1


def test_frames_are_decoded_one_by_one(tmp_path):
    for name in ("a.png", "b.png"):
        encoded = cv2.imencode(".png", picture(8, 8, 0))[1]
        (tmp_path / name).write_bytes(encoded.tobytes())
    frames = open_clip(tmp_path).frames()
    next(frames)
    (tmp_path / "b.png").write_bytes(b"not a picture")
    with pytest.raises(ValueError, match="b.png: broken or truncated image"):
        next(frames)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "no such video or folder"),
        (lambda path: path.mkdir(), "holds no pictures"),
        (
            lambda path: (path / "a").mkdir(parents=True),
            "holds no pictures .*; it holds folders: 1",
        ),
        (lambda path: path.write_bytes(b"text"), "not a video that ffmpeg reads"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, make, message):
    path = tmp_path / "clip"
    make(path)
    with pytest.raises((ValueError, FileNotFoundError), match=f"clip: {message}"):
        open_clip(path)
