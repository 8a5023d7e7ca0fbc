"""Videos of any name, rate, orientation and state are read; what is lost is counted."""

import os
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from tpr.data.clips import FOLDER_RATE, open_clip
from tpr.data.media.video_writer import VideoWriter, check_encodable

QUADRANTS = np.kron(
    np.array([[[250, 0, 0], [0, 250, 0]], [[0, 0, 250], [250, 250, 250]]], np.uint8),
    np.ones((16, 32, 1), np.uint8),
)  # red, green / blue, white: (32, 64, 3)
ONE = 1 << 16  # of a display matrix


def noisy(count):
    """Frames that take some bytes each."""
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (48, 64, 3), np.uint8) for _ in range(count)]


def write(path, frames, *, format="mp4", codec="libx264", rate=10, times=None, matrix=None):
    """times: of the frames, in milliseconds."""
    with open(path, "wb") as file, av.open(file, "w", format=format) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.options = {"g": "5"}
        if matrix:
            stream.set_display_matrix(matrix)
        if times:
            stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for at, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            if times:
                frame.pts, frame.time_base = times[at], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


MATRICES = {  # a, b, c, d: a stored point (x, y) is shown at (a x + c y, b x + d y)
    "as stored": ((1, 0, 0, 1), QUADRANTS),
    "a quarter to the right": ((0, 1, -1, 0), QUADRANTS[::-1].transpose(1, 0, 2)),
    "a half": ((-1, 0, 0, -1), QUADRANTS[::-1, ::-1]),
    "a quarter to the left": ((0, -1, 1, 0), QUADRANTS[:, ::-1].transpose(1, 0, 2)),
    "mirrored": ((-1, 0, 0, 1), QUADRANTS[:, ::-1]),
    "upside down": ((1, 0, 0, -1), QUADRANTS[::-1]),
    "transposed": ((0, 1, 1, 0), QUADRANTS.transpose(1, 0, 2)),
    "transverse": ((0, -1, -1, 0), QUADRANTS[::-1, ::-1].transpose(1, 0, 2)),
}


@pytest.mark.parametrize("name", MATRICES)
@pytest.mark.parametrize("format", ["mp4", "matroska"])
def test_the_display_matrix_turns_and_mirrors(tmp_path, name, format):
    (a, b, c, d), expected = MATRICES[name]
    matrix = (a * ONE, b * ONE, 0, c * ONE, d * ONE, 0, 0, 0, 1 << 30)
    clip = open_clip(write(tmp_path / "a", [QUADRANTS] * 2, format=format, matrix=matrix))
    assert (clip.height, clip.width) == expected.shape[:2]
    first, _ = clip.frames()
    assert np.abs(first.astype(int) - expected).mean() < 12


@pytest.mark.parametrize(
    "name",
    [
        "10:15.mp4",
        "concat:other.mp4",
        "file:x.mp4",
        "-i.mp4",
        "cam%03d.mp4",
        "a'\"\n.mp4",
        "a b.mp4",
        os.fsdecode(b"latin-\xe9.mp4"),
        "*?[1].mp4",
        "pipe:0",
        "x",
    ],
)
def test_any_file_name_is_that_of_a_file(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)  # as a relative path the name begins with what looks special
    write("other.mp4", [QUADRANTS] * 9)
    with VideoWriter(tmp_path / name, Fraction(10)) as writer:
        for _ in range(3):
            writer.write(QUADRANTS)
    assert len(list(open_clip(Path(name)).frames())) == 3


def test_a_playlist_opens_no_other_file(tmp_path):
    write(tmp_path / "other.mp4", [QUADRANTS])
    (tmp_path / "list.mp4").write_text("ffconcat version 1.0\nfile other.mp4\n")
    with pytest.raises(ValueError, match="list.mp4: not a video that ffmpeg reads"):
        open_clip(tmp_path / "list.mp4")


STEADY = [33 * i for i in range(12)]
VARIABLE = [0, 25, 70, 95, 140, 180, 200, 245, 270, 300, 340, 363]
PAUSES = [0, 33, 66, 100, 2100, 2133, 2166, 2200, 4200, 4233, 4266, 4300]


def without_rate(path):
    """As browsers write WebM: Matroska's DefaultDuration becomes padding."""
    content = bytearray(path.read_bytes())
    at = content.index(b"\x23\xe3\x83")
    size = content[at + 3] & 0x7F
    content[at : at + 4 + size] = b"\xec" + bytes([0x80 | (2 + size)]) + bytes(2 + size)
    path.write_bytes(content)


@pytest.mark.parametrize("times", [STEADY, VARIABLE, PAUSES])
@pytest.mark.parametrize(
    ("format", "codec", "stripped"),
    [
        ("webm", "libvpx", True),
        ("webm", "libvpx", False),
        ("matroska", "libx264", True),
        ("mp4", "libx264", False),
    ],
)
def test_the_rate_is_that_of_the_timestamps(tmp_path, times, format, codec, stripped):
    path = tmp_path / "a"
    write(path, [QUADRANTS] * 12, format=format, codec=codec, rate=1000, times=times)
    if stripped:
        without_rate(path)
    clip = open_clip(path)
    assert float(clip.rate) == pytest.approx(11_000 / times[-1], rel=0.05)
    assert clip.length == 12 and clip.notes == []


def test_a_rate_that_the_rounded_timestamps_confirm_is_kept_exactly(tmp_path):
    rate = Fraction(30000, 1001)
    path = write(tmp_path / "a", [QUADRANTS] * 12, format="matroska", rate=rate)
    assert abs(open_clip(path).rate - rate) < Fraction(1, 1000)


def test_a_single_frame_without_a_rate_has_the_usual_one(tmp_path):
    path = write(tmp_path / "a", [QUADRANTS], format="webm", codec="libvpx", rate=1000, times=[0])
    without_rate(path)
    assert open_clip(path).rate == FOLDER_RATE


def noise_in(content, share, size):
    at = int(len(content) * share)
    random = np.random.default_rng(1).integers(0, 256, size).astype(np.uint8)
    return content[:at] + bytes(random) + content[at + size :]


def read(path):
    clip = open_clip(path)
    return len(list(clip.frames())), clip.notes


def test_one_bad_packet_is_passed_over_and_counted(tmp_path):
    path = write(tmp_path / "a.mp4", noisy(20))
    path.write_bytes(noise_in(path.read_bytes(), 0.5, 4000))
    count, (note,) = read(path)
    assert 15 <= count < 20
    assert "a.mp4: damaged; packets that could not be decoded, left out: " in note


def test_a_bad_beginning_is_passed_over(tmp_path):
    path = write(tmp_path / "a.avi", noisy(20), format="avi", codec="mjpeg")
    content = path.read_bytes()
    at = content.index(b"\xff\xd8")
    path.write_bytes(content[:at] + bytes(2000) + content[at + 2000 :])
    assert read(path)[0] == 19


@pytest.mark.parametrize(
    ("format", "codec"),
    [("matroska", "libx264"), ("webm", "libvpx"), ("avi", "mjpeg")],
)
def test_what_a_broken_off_file_lacks_is_told(tmp_path, format, codec):
    path = write(tmp_path / "a", noisy(20), format=format, codec=codec)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    count, notes = read(path)
    missing = 20 - count
    assert 8 <= count <= 14
    assert notes[0].startswith(f"{path}: broken off or damaged; frames announced but missing: ")
    assert abs(int(notes[0].rsplit(" ", 1)[1]) - missing) <= 1


def test_noise_in_a_transport_stream_is_told(tmp_path):
    path = write(tmp_path / "a.ts", noisy(20), format="mpegts")
    path.write_bytes(noise_in(path.read_bytes(), 0.4, 2000))
    count, notes = read(path)
    assert count >= 15 and "a.ts: damaged; incomplete packets: " in notes[0]


def sound_only(path):
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())


def oversized(path):
    """An AVI whose header states frames of 40,000 x 40,000 pixels."""
    content = bytearray(write(path, noisy(2), format="avi", codec="rawvideo").read_bytes())
    at = content.index(b"strf") + 8
    content[at + 4 : at + 12] = struct.pack("<ii", 40_000, 40_000)
    path.write_bytes(content)


KINDS = [
    (lambda path: path.touch(), "empty"),
    (lambda path: path.write_text("text"), "not a video that ffmpeg reads"),
    (lambda path: path.write_bytes(bytes(5000)), "all zeros at its beginning, not a video"),
    (lambda path: path.write_text("<!DOCTYPE html>" + "x" * 999), "a web page, not a video: its"),
    (lambda path: path.write_text("version https://git-lfs.github.com/spec/v1"), "a git-LFS poin"),
    (lambda path: path.write_bytes(write(path, noisy(9)).read_bytes()[:3000]), "not a video"),
    (sound_only, "has no video stream"),
    (oversized, "holds no frame that can be decoded"),
    (os.mkfifo, "a named pipe, not a file"),
    (lambda path: path.symlink_to("/dev/zero"), "a device, not a file"),
    (lambda path: path.symlink_to("gone"), "no such video or folder"),
]


@pytest.mark.parametrize("ending", ["txt", "nfo"])
def test_a_text_is_not_shown_as_a_terminal_would(tmp_path, ending):
    path = tmp_path / f"list.{ending}"
    path.write_text("one.mp4\ntwo.mp4\n" * 99)
    with pytest.raises(ValueError, match=f"list.{ending}: a text, which ffmpeg would show as"):
        open_clip(path)


@pytest.mark.parametrize(("make", "message"), KINDS)
def test_what_is_no_video_is_named_in_one_line(tmp_path, make, message):
    path = tmp_path / "a.mp4"
    make(path)
    with pytest.raises((ValueError, FileNotFoundError)) as caught:
        open_clip(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: {message}") and "\n" not in text


def test_metadata_in_another_encoding_does_not_matter(tmp_path):
    path = tmp_path / "a.mkv"
    with open(path, "wb") as file, av.open(file, "w", format="matroska") as container:
        container.metadata["title"] = "caf\N{LATIN SMALL LETTER E WITH ACUTE}"
        stream = container.add_stream("libx264", rate=10)
        stream.height, stream.width, stream.pix_fmt = 32, 64, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(QUADRANTS, format="rgb24")))
        container.mux(stream.encode())
    path.write_bytes(path.read_bytes().replace(b"caf\xc3\xa9", b"caf\xe9\xe9"))
    assert len(list(open_clip(path).frames())) == 1


def test_a_picture_is_a_clip_of_one_frame(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(QUADRANTS).save(tmp_path / "a.PNG", exif=exif)
    clip = open_clip(tmp_path / "a.PNG")
    (frame,) = clip.frames()
    np.testing.assert_array_equal(frame, QUADRANTS[::-1].transpose(1, 0, 2))
    assert (clip.height, clip.width, clip.length) == (64, 32, 1)


def test_odd_sides_get_their_last_row_and_column_twice(tmp_path):
    with VideoWriter(tmp_path / "a.mp4", Fraction(10)) as writer:
        writer.write(QUADRANTS[:31, :63])
    (frame,) = open_clip(tmp_path / "a.mp4").frames()
    assert np.abs(frame.astype(int) - QUADRANTS).mean() < 12


@pytest.mark.parametrize(
    ("rate", "written"),
    [
        (Fraction(30000, 1001), Fraction(30000, 1001)),
        (Fraction(1, 2), Fraction(1, 2)),
        (Fraction(1, 10**7), Fraction(1, 3600)),
        (Fraction(10**7), Fraction(1000)),
    ],
)
def test_every_rate_can_be_written_and_read(tmp_path, rate, written):
    with VideoWriter(tmp_path / "a.mp4", rate) as writer:
        for _ in range(3):
            writer.write(QUADRANTS)
    assert open_clip(tmp_path / "a.mp4").rate == written


@pytest.mark.parametrize("size", [(16385, 2), (2, 16386), (10**9, 10**9)])
def test_frames_too_large_for_h264_are_refused_before_they_are_written(size):
    with pytest.raises(ValueError, match="H.264 takes at most 16384 a side"):
        check_encodable(*size)
    check_encodable(16384, 16384)
