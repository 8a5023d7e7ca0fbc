"""`python -m tpr.data import mots` of text files."""

import numpy as np
import pytest

from tests.helpers.import_helpers import SIZE, block, convert, masks, pictures
from tpr.data.rle import encode


def line(frame, value, category, mask) -> str:
    return f"{frame} {value} {category} {SIZE[0]} {SIZE[1]} {encode(mask)['counts']}\n"


@pytest.fixture
def frames(tmp_path):
    return pictures(tmp_path / "frames", *(f"0002/{t:06}.jpg" for t in (1, 2, 10)))


def write(tmp_path, *lines):
    folder = tmp_path / "labels"
    folder.mkdir(exist_ok=True)
    (folder / "0002.txt").write_text("".join(lines))
    return folder


@pytest.mark.parametrize("whole_folder", [True, False])
def test_lines_become_tracks_by_the_numbers_of_pictures(tmp_path, frames, whole_folder):
    lines = [
        line(10, 2005, 2, block(0, 2)),
        line(1, 1001, 1, block(3, 6)),
        line(10, 1001, 1, block(2, 4)),
        line(1, 10000, 10, block(0, 1)),
    ]
    folder = write(tmp_path, *lines)
    source = folder if whole_folder else folder / "0002.txt"
    dataset = convert(tmp_path, frames, "mots", source)
    (video,) = dataset.videos
    assert video.file_names == tuple(f"0002/{t:06}.jpg" for t in (1, 2, 10))
    found = [(t.category_id, t.iscrowd, t.areas) for t in dataset.tracks(video)]
    assert found == [
        (2, False, (None, None, 4)),
        (1, False, (6, None, 4)),
        (1, True, (2, None, None)),
        (2, True, (2, None, None)),
    ]
    np.testing.assert_array_equal(masks(dataset, 0, 2)[2], block(2, 4))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 2 3\n", "is not: frame, id, class, height, width, compressed RLE"),
        ("1 x 1 4 6 a\n", "is not: frame, id, class"),
        (line(7, 1001, 1, block(0, 1)), "frame 7 has no picture in"),
        (line(1, 1001, 3, block(0, 1)), "id 1001 is of class 3, not 1 to 2"),
        ("1 1001 1 9 9 a\n", "RLE size is [9, 9], but the video is [4, 6]"),
        ("1 1001 1 4 6 ~~\n", "RLE counts hold a character"),
    ],
)
def test_a_broken_line_is_named(tmp_path, frames, capsys, text, message):
    source = write(tmp_path, "\n", text)
    assert convert(tmp_path, frames, "mots", source) is None
    error = capsys.readouterr().err
    assert error.startswith(f"error: {source / '0002.txt'}, line 2: ") and message in error
    assert error.count("\n") == 1


def test_pictures_without_a_number_or_with_one_twice_are_named(tmp_path, frames, capsys):
    source = write(tmp_path, line(1, 1001, 1, block(0, 1)))
    pictures(frames, "0002/a1.jpg")
    assert convert(tmp_path, frames, "mots", source) is None
    assert "000001.jpg: a second picture of frame 1" in capsys.readouterr().err.replace(
        "a1", "000001"
    )
    (frames / "0002" / "a1.jpg").rename(frames / "0002" / "a.jpg")
    assert convert(tmp_path, frames, "mots", source) is None
    assert "a.jpg: its name ends in no number" in capsys.readouterr().err
