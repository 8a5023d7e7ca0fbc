"""`python -m tpr.data import davis` and `mots`: what id maps of every kind say."""

import numpy as np
import pytest
from PIL import Image

from tests.helpers.import_helpers import SIZE, block, convert, id_maps, masks, pictures


@pytest.fixture
def frames(tmp_path):
    """Pictures of two frames of the videos "a" and "b"."""
    return pictures(tmp_path / "frames", "a/00.jpg", "a/01.jpg", "b/00.jpg", "b/01.jpg")


def test_mots_ids_become_tracks_with_their_class(tmp_path, frames):
    first = 1001 * block(0, 2) + 2007 * block(3, 5)
    second = 2007 * block(2, 4) + 10_000 * block(5, 6)
    source = id_maps(tmp_path / "maps", {"a/00": first, "a/01": second}, "I;16")
    dataset = convert(tmp_path, frames, "mots", source)
    assert [c.name for c in dataset.categories] == ["car", "pedestrian"]
    (video,) = dataset.videos
    assert video.file_names == ("a/00.jpg", "a/01.jpg")
    crowds, objects = dataset.tracks(video)[:2], dataset.tracks(video)[2:]
    assert [(t.category_id, t.iscrowd) for t in crowds] == [(2, True), (1, True)]
    assert [(t.category_id, t.iscrowd) for t in objects] == [(1, False), (2, False)]
    np.testing.assert_array_equal(masks(dataset, 0, 0)[4], block(3, 5))
    np.testing.assert_array_equal(masks(dataset, 0, 1)[4], block(2, 4))
    assert objects[0].segmentations[1] is None and objects[0].areas == (4, None)
    assert objects[1].bboxes == ((3, 1, 2, 2), (2, 1, 2, 2))


def test_davis_palettes_leave_void_out(tmp_path, frames):
    maps = {"a/00": 1 * block(0, 2) + 2 * block(4, 6), "b/01": 2 * block(1, 2) + 255 * block(3, 6)}
    source = id_maps(tmp_path / "maps", maps, "P")
    dataset = convert(tmp_path, frames, "davis", source, "--categories", "thing")
    assert [v.file_names for v in dataset.videos] == [("a/00.jpg",), ("b/01.jpg",)]
    assert [len(dataset.tracks(v)) for v in dataset.videos] == [2, 1]
    np.testing.assert_array_equal(masks(dataset, 1, 0)[3], block(1, 2))


def test_grey_davis_masks_hold_one_object(tmp_path, frames):
    source = id_maps(tmp_path / "maps", {"a/00": 255 * block(0, 3)}, "L")
    dataset = convert(tmp_path, frames, "davis", source)
    np.testing.assert_array_equal(masks(dataset, 0, 0)[1], block(0, 3))


def test_an_id_map_without_its_picture_is_named(tmp_path, frames, capsys):
    source = id_maps(tmp_path / "maps", {"a/07": block(0, 1)}, "P")
    assert convert(tmp_path, frames, "davis", source) is None
    assert "a/07.*: no picture for" in capsys.readouterr().err


def test_a_mots_id_of_an_unknown_class_is_named(tmp_path, frames, capsys):
    source = id_maps(tmp_path / "maps", {"a/00": 3001 * block(0, 1)}, "I;16")
    assert convert(tmp_path, frames, "mots", source) is None
    assert "a/00.png: id 3001 is of class 3, not 1 to 2" in capsys.readouterr().err


@pytest.mark.parametrize("ending", ["tif", "bmp", "PNG", "webp", "JPG"])
def test_pictures_of_every_kind_are_found_for_id_maps(tmp_path, ending):
    source = id_maps(tmp_path / "maps", {"v/2": block(0, 1), "v/10": block(2, 4)}, "P")
    (source / "v" / "10.png").rename(source / "v" / "10.PNG")
    frames = tmp_path / "pictures"
    for name in ("2", "10"):
        (frames / "v").mkdir(parents=True, exist_ok=True)
        Image.new("RGB", SIZE[::-1]).save(frames / "v" / f"{name}.{ending}")
    dataset = convert(tmp_path, frames, "davis", source)
    assert dataset.videos[0].file_names == (f"v/2.{ending}", f"v/10.{ending}")
    np.testing.assert_array_equal(masks(dataset, 0, 1)[1], block(2, 4))


def test_videos_come_in_natural_order_and_what_is_left_out_is_told(tmp_path, frames, capsys):
    for name in ("a2/00", "a10/00"):
        id_maps(tmp_path / "maps", {name: block(0, 1)}, "P")
        id_maps(frames, {name: block(0, 1)}, "P")
    source = tmp_path / "maps"
    (source / "a2" / "._00.png").write_bytes(b"from a Mac")
    (source / "a2" / "01.png").symlink_to("gone.png")
    (source / "empty").mkdir()
    (source / "list.txt").touch()
    Image.new("RGB", SIZE[::-1]).save(frames / "a2" / "01.png")
    dataset = convert(tmp_path, frames, "davis", source)
    assert [v.file_names for v in dataset.videos] == [("a2/00.png",), ("a10/00.png",)]
    assert capsys.readouterr().err.splitlines() == [
        f"note: {source}: left out files beside the folders: 1",
        f"note: {source / 'a2'}: left out hidden files: 1, links that lead nowhere: 1",
        f"note: {source / 'empty'}: left out, as it holds no .png, .tif, .tiff, .bmp files",
        "note: 1 x frame without an annotation, left out: the frames around it become neighbours; "
        f"--keep-unlabelled keeps it (the first: {frames / 'a2' / '01.png'})",
        "note: 2 x video without annotations, left out: its folder of frames is not used "
        f"(the first: {frames / 'a'})",
    ]


def test_transparency_of_id_maps_does_not_matter(tmp_path, frames):
    ids = np.stack([block(0, 3) * np.uint8(2), np.full(SIZE, 7, np.uint8)], -1)
    (tmp_path / "maps" / "a").mkdir(parents=True)
    Image.fromarray(ids, "LA").save(tmp_path / "maps" / "a" / "00.png")
    dataset = convert(tmp_path, frames, "davis", tmp_path / "maps")
    np.testing.assert_array_equal(masks(dataset, 0, 0)[1], block(0, 3))


def colour_maps(folder, maps, mode="RGB"):
    """Writes {name: [(mask, colour), ...]} as PNG files, black elsewhere."""
    for name, parts in maps.items():
        picture = np.zeros((*SIZE, len(mode)), np.uint8)
        for mask, colour in parts:
            picture[mask] = colour
        path = folder / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture, mode).save(path)
    return folder


@pytest.mark.parametrize("mode", ["P", "L", "LA", "1", "RGB"])
def test_black_and_white_is_one_object_however_it_is_stored(tmp_path, frames, capsys, mode):
    path = tmp_path / "maps" / "a" / "00.png"
    path.parent.mkdir(parents=True)
    image = Image.fromarray((255 * block(0, 3)).astype(np.uint8))
    if mode == "P":
        image.putpalette([0, 0, 0, 255, 255, 255] + [255, 255, 255] * 254)
    (image if mode == "P" else image.convert(mode)).save(path)
    id_maps(tmp_path / "maps", {"a/01": np.zeros(SIZE)}, "L")
    dataset = convert(tmp_path, frames, "davis", tmp_path / "maps")
    np.testing.assert_array_equal(masks(dataset, 0, 0)[1], block(0, 3))
    assert dataset.videos[0].length == 2 and "void" not in capsys.readouterr().err


@pytest.mark.parametrize("mode", ["P", "L"])
def test_255_is_void_where_a_video_has_other_ids(tmp_path, frames, capsys, mode):
    maps = {"a/00": 255 * block(3, 6), "a/01": 2 * block(0, 2) + 255 * block(3, 6)}
    dataset = convert(tmp_path, frames, "davis", id_maps(tmp_path / "maps", maps, mode))
    (track,) = dataset.tracks(dataset.videos[0])
    assert track.areas == (None, 4)
    expected = "note: 1 x void region of id maps: neither object nor crowd: left out"
    assert expected in capsys.readouterr().err


def test_255_of_16_bits_is_an_object(tmp_path, frames):
    maps = {"a/00": 255 * block(0, 1) + 256 * block(2, 4) + 60_000 * block(4, 6)}
    dataset = convert(tmp_path, frames, "davis", id_maps(tmp_path / "maps", maps, "I;16"))
    assert [track.areas for track in dataset.tracks(dataset.videos[0])] == [(2,), (4,), (4,)]


@pytest.mark.parametrize("alpha", [(), (200,)])
def test_every_colour_is_an_object(tmp_path, frames, alpha):
    red, grey, void = (200, 0, 0, *alpha), (128, 128, 128, *alpha), (224, 224, 192, *alpha)
    maps = {
        "a/00": [(block(0, 2), red), (block(3, 5), grey), (block(5, 6), void)],
        "a/01": [(block(2, 4), grey)],
    }
    mode = "RGBA" if alpha else "RGB"
    dataset = convert(tmp_path, frames, "davis", colour_maps(tmp_path / "maps", maps, mode))
    first, second = dataset.tracks(dataset.videos[0])
    assert (first.areas, second.areas) == ((4, 4), (4, None))  # by ascending 0xRRGGBB


def test_ids_saved_as_grey_colours_keep_their_void(tmp_path, frames):
    maps = {"a/00": [(block(0, 2), 1), (block(2, 3), 2), (block(3, 6), 255)]}
    dataset = convert(tmp_path, frames, "davis", colour_maps(tmp_path / "maps", maps))
    assert [track.areas for track in dataset.tracks(dataset.videos[0])] == [(4,), (2,)]


def test_a_blurred_map_and_colours_of_mots_are_refused(tmp_path, frames, capsys):
    folder = tmp_path / "maps" / "a"
    folder.mkdir(parents=True)
    noise = np.random.default_rng(0).integers(0, 255, (40, 40, 3)).astype(np.uint8)
    Image.fromarray(noise).save(folder / "00.png")
    assert convert(tmp_path, frames, "davis", tmp_path / "maps") is None
    error = capsys.readouterr().err
    assert f"{folder / '00.png'}: holds 1600 colours, so that it is no id map" in error
    assert convert(tmp_path, frames, "mots", tmp_path / "maps") is None
    assert "00.png: holds colours (RGB), not ids of 16 bits" in capsys.readouterr().err


def test_colours_and_ids_in_one_video_are_refused(tmp_path, frames, capsys):
    colour_maps(tmp_path / "maps", {"a/00": [(block(0, 2), (200, 0, 0))]})
    id_maps(tmp_path / "maps", {"a/01": block(0, 2)}, "P")
    assert convert(tmp_path, frames, "davis", tmp_path / "maps") is None
    assert "01.png: P, unlike those before: some maps of the video hold" in capsys.readouterr().err


def test_maps_without_fractions_may_be_floats(tmp_path, frames, capsys):
    folder = tmp_path / "maps" / "a"
    folder.mkdir(parents=True)
    Image.fromarray(3 * block(0, 2).astype(np.float32)).save(folder / "00.tif")
    dataset = convert(tmp_path, frames, "davis", tmp_path / "maps")
    np.testing.assert_array_equal(masks(dataset, 0, 0)[1], block(0, 2))
    Image.fromarray(0.5 * block(0, 2).astype(np.float32)).save(folder / "01.tif")
    assert convert(tmp_path, frames, "davis", tmp_path / "maps") is None
    assert "01.tif: holds fractions or NaN, not ids" in capsys.readouterr().err


def test_folders_of_frames_without_maps_are_told(tmp_path, frames, capsys):
    source = id_maps(tmp_path / "maps", {"a/00": block(0, 3), "a/01": block(0, 3)}, "P")
    assert len(convert(tmp_path, frames, "davis", source).videos) == 1
    told = "note: 1 x video without annotations, left out: its folder of frames is not used (the "
    assert capsys.readouterr().err == f"{told}first: {frames / 'b'})\n"


def test_frames_without_a_map_are_kept_if_asked(tmp_path, frames, capsys):
    pictures(frames, "a/02.jpg")
    source = id_maps(tmp_path / "maps", {"a/00": block(0, 1), "a/02": block(1, 2)}, "P")
    dataset = convert(tmp_path, frames, "davis", source)
    assert dataset.videos[0].file_names == ("a/00.jpg", "a/02.jpg")
    assert "1 x frame without an annotation, left out" in capsys.readouterr().err
    dataset = convert(tmp_path, frames, "davis", source, "--keep-unlabelled")
    (track,) = dataset.tracks(dataset.videos[0])
    assert dataset.videos[0].file_names == ("a/00.jpg", "a/01.jpg", "a/02.jpg")
    assert track.areas == (2, None, 2)
    assert "1 x frame without an annotation, kept" in capsys.readouterr().err


def test_one_video_needs_no_folder_of_its_own(tmp_path, frames):
    source = id_maps(tmp_path / "maps", {"00": block(0, 1), "01": block(1, 2)}, "P")
    dataset = convert(tmp_path, frames / "a", "davis", source)
    assert dataset.videos[0].file_names == ("00.jpg", "01.jpg")


def test_linked_video_folders_are_followed(tmp_path, frames, capsys):
    source = id_maps(tmp_path / "maps", {"a/00": block(0, 1)}, "P")
    (frames / "a").rename(tmp_path / "pictures")
    (frames / "a").symlink_to(tmp_path / "pictures")
    (source / "a").rename(tmp_path / "elsewhere")
    (source / "a").symlink_to(tmp_path / "elsewhere")
    assert convert(tmp_path, frames, "davis", source) is None
    assert "through a symbolic link: --follow-links allows it" in capsys.readouterr().err
    assert convert(tmp_path, frames, "davis", source, "--follow-links") is not None


@pytest.mark.parametrize("names", ["cat,cat", "cat,", ","])
def test_names_of_categories_are_checked(tmp_path, frames, capsys, names):
    with pytest.raises(SystemExit):
        convert(tmp_path, frames, "davis", tmp_path, "--categories", names)
    assert "has an empty name, or one twice" in capsys.readouterr().err
