"""One reader of pictures: upright, 8 bits, three colours, or one line that names the file."""

import os
import socket
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from tpr.data.media.pictures import picture_size, read_picture, read_samples

STORED = np.arange(6 * 4 * 3, dtype=np.uint8).reshape(4, 6, 3) * 3
UPRIGHT = {  # what a viewer shows of STORED, written out by rows and columns
    1: STORED,
    2: STORED[:, ::-1],
    3: STORED[::-1, ::-1],
    4: STORED[::-1],
    5: STORED.transpose(1, 0, 2),
    6: STORED[::-1].transpose(1, 0, 2),
    7: STORED[::-1, ::-1].transpose(1, 0, 2),
    8: STORED[:, ::-1].transpose(1, 0, 2),
}


def exif(orientation: object) -> Image.Exif:
    found = Image.Exif()
    found[0x0112] = orientation
    return found


@pytest.mark.parametrize("ending", ["png", "tif", "webp", "jpg"])
@pytest.mark.parametrize("orientation", UPRIGHT)
def test_pictures_are_turned_as_their_exif_says(tmp_path, orientation, ending):
    path = tmp_path / f"a.{ending}"
    big = np.kron(STORED, np.ones((16, 16, 1), np.uint8))  # blocks survive JPEG
    options = {"lossless": True} if ending == "webp" else {"quality": 100, "subsampling": 0}
    options = {} if ending in ("png", "tif") else options
    Image.fromarray(big).save(path, exif=exif(orientation), **options)
    found = read_picture(path)
    expected = np.kron(UPRIGHT[orientation], np.ones((16, 16, 1), np.uint8))
    assert found.shape == expected.shape and found.flags.c_contiguous
    assert picture_size(path) == expected.shape[:2]
    assert np.abs(found.astype(int) - expected).max() <= (6 if ending == "jpg" else 0)


def test_exif_behind_the_pixels_of_a_png_is_seen(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(STORED).save(path)
    content = path.read_bytes()
    block = exif(6).tobytes().removeprefix(b"Exif\0\0")
    path.write_bytes(content[:-12] + chunk(b"eXIf", block) + content[-12:])
    np.testing.assert_array_equal(read_picture(path), UPRIGHT[6])
    assert picture_size(path) == (6, 4)


@pytest.mark.parametrize("orientation", [0, 9, 60000])
def test_unknown_orientations_leave_the_picture_as_it_is(tmp_path, orientation):
    Image.fromarray(STORED).save(tmp_path / "a.png", exif=exif(orientation))
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png"), STORED)


def test_broken_exif_leaves_the_picture_as_it_is(tmp_path):
    Image.fromarray(STORED).save(tmp_path / "a.png", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png"), STORED)


RAMP = np.linspace(0, 65535, 24).astype(np.uint16).reshape(4, 6)


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_of_16_bits_the_upper_8_are_kept(tmp_path, ending):
    Image.fromarray(RAMP).save(tmp_path / f"a.{ending}")
    found = read_picture(tmp_path / f"a.{ending}")
    np.testing.assert_array_equal(found, np.stack([RAMP >> 8] * 3, -1))


def test_of_16_bit_colours_the_upper_8_are_kept_too(tmp_path):
    row = b"\0" + np.stack([RAMP[0]] * 3, -1).astype(">u2").tobytes()
    write_png(tmp_path / "a.png", (1, 6), 16, 2, row)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png")[0, :, 1], RAMP[0] >> 8)


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (np.array([[0, 0.2, 1]], np.float32), [0, 51, 255]),
        (np.array([[0, 127.6, 250]], np.float32), [0, 128, 250]),
        (np.array([[280, 290, 300]], np.float32), [0, 128, 255]),
        (np.array([[-1, 0, 1]], np.float32), [0, 128, 255]),
        (np.array([[np.nan, 0.2, 1]], np.float32), [0, 51, 255]),
        (np.array([[5, 5, 5]], np.float32), [5, 5, 5]),
        (np.array([[np.nan, np.nan, np.nan]], np.float32), [0, 0, 0]),
        (np.array([[0, 7, 255]], np.int32), [0, 7, 255]),
        (np.array([[0, 511, 65535]], np.int32), [0, 1, 255]),
        (np.array([[-1000, 0, 1000]], np.int32), [0, 128, 255]),
        (np.array([[-7, -7, -7]], np.int32), [0, 0, 0]),
    ],
)
def test_floats_and_long_integers_are_scaled_by_the_stated_rule(tmp_path, samples, expected):
    Image.fromarray(samples).save(tmp_path / "a.tif")
    assert read_picture(tmp_path / "a.tif")[0, :, 2].tolist() == expected


def test_a_deep_picture_is_turned_upright_too(tmp_path):
    Image.fromarray(RAMP).save(tmp_path / "a.png", exif=exif(6))
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png")[..., 0], (RAMP >> 8)[::-1].T)


@pytest.mark.parametrize(
    ("mode", "value", "ending", "expected"),
    [
        ("1", 1, "png", (255, 255, 255)),
        ("L", 9, "bmp", (9, 9, 9)),
        ("LA", (9, 0), "png", (9, 9, 9)),
        ("RGB", (1, 2, 3), "BMP", (1, 2, 3)),
        ("RGBA", (1, 2, 3, 0), "PNG", (1, 2, 3)),
        ("CMYK", (255, 0, 0, 0), "tif", (0, 255, 255)),
    ],
)
def test_every_mode_becomes_rgb(tmp_path, mode, value, ending, expected):
    Image.new(mode, (6, 4), value).save(tmp_path / f"a.{ending}")
    found = read_picture(tmp_path / f"a.{ending}")
    assert found.shape == (4, 6, 3) and found.dtype == np.uint8
    assert (found == expected).all()


@pytest.mark.parametrize("transparency", [None, 0, b"\0\x80"])
def test_palettes_become_their_colours_whatever_their_transparency(tmp_path, transparency):
    image = Image.fromarray(np.array([[0, 1]], np.uint8))
    image.putpalette([10, 20, 30, 40, 50, 60])
    options = {} if transparency is None else {"transparency": transparency}
    image.save(tmp_path / "a.png", **options)
    assert read_picture(tmp_path / "a.png").tolist() == [[[10, 20, 30], [40, 50, 60]]]
    ids, mode = read_samples(tmp_path / "a.png")
    assert ids.tolist() == [[0, 1]] and mode == "P"


def test_jpegs_are_decoded_as_pillow_does(tmp_path):
    """The numbers of committed records depend on these very pixels."""
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.jpg", quality=80)
    with Image.open(tmp_path / "a.jpg") as image:
        np.testing.assert_array_equal(read_picture(tmp_path / "a.jpg"), np.array(image))


def chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def write_png(path, size, depth, colour, rows):
    header = struct.pack(">IIBBBBB", size[1], size[0], depth, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)


def half_a_png(path):
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:2000])


def long_text(path):
    info = PngImagePlugin.PngInfo()
    info.add_text("a", "x" * 2_000_000, zip=True)
    Image.fromarray(STORED).save(path, pnginfo=info)


def lone_socket(path):
    with socket.socket(socket.AF_UNIX) as one:
        before = os.getcwd()
        os.chdir(path.parent)  # a socket's path is at most 108 bytes
        one.bind(path.name)
        os.chdir(before)


KINDS = [
    (lambda path: None, "no such file"),
    (lambda path: path.symlink_to("nothing"), "no such file, only a link that leads nowhere"),
    (lambda path: path.symlink_to(path.name), "cannot be read"),
    (lambda path: path.touch(), "empty"),
    (lambda path: path.write_text("<html>"), "a web page, not a picture: its address led to"),
    (
        lambda path: path.write_text("version https://git-lfs.github.com/spec/v1"),
        "a git-LFS pointer, not a picture: `git lfs pull`",
    ),
    (lambda path: path.write_bytes(b"\1\2\3"), "broken or truncated image, or none"),
    (lambda path: path.write_text("%!PS-Adobe-3.0 EPSF-3.0"), "broken or truncated image, or none"),
    (half_a_png, "broken or truncated image"),
    (long_text, "broken or truncated image"),
    (lambda path: write_png(path, (200_000, 200_000), 8, 2, b"0"), "larger than 178,956,970"),
    (os.mkfifo, "a named pipe, not a file"),
    (lone_socket, "a socket, not a file"),
    (lambda path: path.symlink_to("/dev/zero"), "a device, not a file"),
    (lambda path: path.mkdir(), "a folder, not a file"),
]


@pytest.mark.parametrize(("make", "message"), KINDS)
@pytest.mark.parametrize("reader", [read_picture, read_samples])
def test_what_is_no_picture_is_named_in_one_line(tmp_path, make, message, reader):
    path = tmp_path / "a.png"
    make(path)
    with pytest.raises((ValueError, FileNotFoundError)) as caught:
        reader(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: {message}") and "\n" not in text


def test_of_another_size_both_sizes_and_the_turning_are_told(tmp_path):
    path = tmp_path / "a.jpg"
    Image.fromarray(STORED).save(path, exif=exif(6))
    read_picture(path, (6, 4))
    with pytest.raises(ValueError, match=r"4 x 6 once turned.*\(stored: 6 x 4\).*annotate"):
        read_picture(path, (4, 6))
    with pytest.raises(ValueError, match=r"image is 4 x 6 once .* video is 9 x 9 \(width x height"):
        read_picture(path, (9, 9))
