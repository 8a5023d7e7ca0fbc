"""Folders are listed in natural order, without what is no picture, which is counted."""

import os

import pytest

from tpr.data.media.folders import list_files, list_folders, natural_key


@pytest.mark.parametrize(
    "names",
    [
        ["frame_1.png", "frame_2.png", "frame_10.png"],
        ["1.jpg", "02.jpg", "3.jpg", "0010.jpg"],
        ["IMG_9.JPG", "img_10.jpg", "IMG_11.JPG"],
        ["a.png", "a1.png", "a1b2.png", "a1b10.png", "b.png"],
        ["v1.2", "v1.10", "v2.1"],
        ["10.5.png", "10.40.png", "²x.png", "٣.png"],
    ],
)
def test_numbers_in_names_count_as_numbers(names):
    assert sorted(reversed(names), key=natural_key) == names


def test_pictures_are_found_by_their_ending_in_any_case(tmp_path):
    names = ["1.jpg", "2.JPEG", "3.Png", "4.tif", "5.TIFF", "6.bmp", "7.webp"]
    for name in names:
        (tmp_path / name).touch()
    listing = list_files(tmp_path)
    assert [path.name for path in listing.paths] == names and listing.notes(tmp_path) == []


def test_what_is_left_out_is_counted_by_kind(tmp_path):
    for name in ("1.jpg", "._1.jpg", ".DS_Store", "notes.txt", "Thumbs.db", "README"):
        (tmp_path / name).touch()
    (tmp_path / "2.jpg").symlink_to("gone.jpg")
    (tmp_path / "3.jpg").symlink_to("1.jpg")
    (tmp_path / "4.jpg").mkdir()
    os.mkfifo(tmp_path / "5.jpg")
    listing = list_files(tmp_path)
    assert [path.name for path in listing.paths] == ["1.jpg", "3.jpg"]
    assert listing.notes(tmp_path) == [
        f"{tmp_path}: left out .db files: 1, .txt files: 1, files without an ending: 1, "
        "folders: 1, hidden files: 2, links that lead nowhere: 1, pipes and other special files: 1"
    ]


def test_folders_are_listed_alike(tmp_path):
    for name in ("v10", "v2", ".git"):
        (tmp_path / name).mkdir()
    (tmp_path / "v3").symlink_to("v2")
    (tmp_path / "v4").symlink_to("gone")
    (tmp_path / "index.txt").touch()
    listing = list_folders(tmp_path)
    assert [path.name for path in listing.paths] == ["v2", "v3", "v10"]
    assert listing.left_out == {
        "hidden files": 1,
        "files beside the folders": 1,
        "links that lead nowhere": 1,
    }


def test_no_folder_is_one_line(tmp_path):
    with pytest.raises(FileNotFoundError, match="gone: no such folder"):
        list_files(tmp_path / "gone")
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"file: cannot be listed \(Not a directory\)"):
        list_folders(tmp_path / "file")
