"""Size, rate and sound of a film that the demo is shown."""

from fractions import Fraction

import av
import numpy as np
import pytest

from tests.commands.test_demo import demo
from tpr.data.clips import open_clip


def write_film(path, seconds, rate=Fraction(8), codec="aac", begins=0):
    """A film with a tone, whose first frame is shown `begins` seconds after the sound begins."""
    samples = 16000
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=rate)
        video.width, video.height, video.pix_fmt = 96, 64, "yuv420p"
        sound = container.add_stream(codec, rate=samples, layout="mono")
        for t in range(int(seconds * rate)):
            frame = av.VideoFrame.from_ndarray(
                np.full((64, 96, 3), 9 * t, np.uint8), format="rgb24"
            )
            frame.pts = t + int(begins * rate)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        size = sound.codec_context.frame_size or 1024
        kind = {"aac": "fltp", "pcm_mulaw": "s16"}[codec]
        for begin in range(0, int((seconds + begins) * samples), size):
            wave = np.sin(np.arange(begin, begin + size) / 9)[None]
            wave = (20000 * wave).astype(np.int16) if kind == "s16" else wave.astype(np.float32)
            frame = av.AudioFrame.from_ndarray(wave, format=kind, layout="mono")
            frame.sample_rate, frame.pts = samples, begin
            container.mux(sound.encode(frame))
        container.mux(sound.encode())
    return path


def sound_packets(path):
    with av.open(str(path)) as container:
        return [
            (bytes(packet), float(packet.pts * packet.time_base))
            for packet in (container.demux(audio=0) if container.streams.audio else ())
            if packet.size
        ]


@pytest.mark.parametrize(("options", "seconds"), [((), 1.0), (("--frames", "4"), 0.5)])
def test_size_rate_and_sound_of_a_film_are_kept(setting, tmp_path, options, seconds):
    source, out = write_film(tmp_path / "in.mp4", 1), tmp_path / "out.mp4"
    assert demo(setting, source, out, *options) == 0
    clip = open_clip(out)
    assert (clip.rate, clip.length) == (8, 8 * seconds)
    found, given = sound_packets(out), sound_packets(source)
    assert [data for data, _ in found] == [data for data, t in given if 0 <= t < seconds]
    assert max(time for _, time in found) == pytest.approx(seconds, abs=0.1)


def test_sound_stays_beside_its_picture(setting, tmp_path):
    """Of a film whose picture begins half a second after its sound."""
    source = write_film(tmp_path / "in.mkv", 1, begins=0.5)
    assert demo(setting, source, tmp_path / "out.mp4") == 0
    (first, time), *_ = sound_packets(tmp_path / "out.mp4")
    assert time < 0.1
    before = {data: t for data, t in sound_packets(source)}
    assert before[first] - time == pytest.approx(0.5, abs=0.01)


def test_sound_that_an_mp4_does_not_hold_is_told(setting, tmp_path, capsys):
    source = write_film(tmp_path / "in.avi", 1, codec="pcm_mulaw")
    assert demo(setting, source, tmp_path / "out.mp4") == 0
    assert sound_packets(tmp_path / "out.mp4") == []
    told = capsys.readouterr().err
    assert "in.avi: its sound is left out (mp4 does not take pcm_mulaw)" in told
