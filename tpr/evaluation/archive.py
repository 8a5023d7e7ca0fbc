"""The zip that the YouTube-VIS and OVIS servers take: packing and checking.

python -m tpr.evaluation.archive submission.zip --videos valid.json
"""

import argparse
import lzma
import struct
import sys
import zipfile
import zlib
from pathlib import Path

from tpr.command import command
from tpr.data.json_input import parse_json
from tpr.evaluation.submission import validate_results
from tpr.files import replacing
from tpr.terminal import printable

NAME = "results.json"
LARGEST = 2**31  # bytes of a file that is unpacked
# what zipfile raises for damaged, encrypted and unknown content
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    RuntimeError,
    OSError,
    UnicodeDecodeError,  # a member's name that says it is UTF-8 and is not
    struct.error,
)


def pack(results: Path, path: Path) -> Path:
    """A zip with results.json at its root; the same bytes for the same results."""
    member = zipfile.ZipInfo(NAME)  # dated 1980
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o644 << 16
    with replacing(path) as draft, zipfile.ZipFile(draft, "w") as archive:
        archive.writestr(member, results.read_bytes())
    return path


def validate_archive(videos: Path, path: Path) -> list[str]:
    """Everything that a server would reject, one line each; empty if there is nothing.

    videos: the annotation file of the split (without ground truth). Raises FileNotFoundError.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    try:
        with zipfile.ZipFile(path) as archive:
            problems = layout_problems(archive.namelist())
            if not problems and archive.getinfo(NAME).file_size > LARGEST:
                problems = [f"{NAME} unpacks to more than {LARGEST >> 30} GiB"]
            text = None if problems else archive.read(NAME)
    except UNREADABLE as error:
        return [f"{path.name} is not a readable zip file ({error})"]
    if text is None:
        return problems
    try:
        entries = parse_json(text, NAME)
    except ValueError as error:
        return [str(error)]
    if entries == []:
        return [f"{NAME} is an empty list, at which the servers' evaluation ends with an error"]
    return validate_results(videos, entries)


def layout_problems(names: list[str]) -> list[str]:
    """The zip must hold results.json at its root and nothing else."""
    if names == [NAME]:
        return []
    if names.count(NAME) > 1:
        return [f"the zip holds {NAME} {names.count(NAME)} times"]
    if NAME in names:
        return [f"the zip holds {name!r} beside {NAME}" for name in names if name != NAME]
    nested = [name for name in names if name.endswith(f"/{NAME}")]
    if nested:
        return [f"{NAME} lies at {nested[0]!r}, not at the root of the zip"]
    return [f"the zip holds no {NAME}" + (f", but {names[0]!r}" if names else ", it is empty")]


@command
def main(arguments: list[str]) -> None:
    """Prints every problem. Raises ValueError if there is any."""
    parser = argparse.ArgumentParser(
        "python -m tpr.evaluation.archive", description="Check a submission as the server would."
    )
    parser.add_argument("archive", type=Path)
    parser.add_argument("--videos", type=Path, required=True, help="the split's annotation file")
    options = parser.parse_args(arguments)
    problems = validate_archive(options.videos, options.archive)
    print("\n".join(map(printable, problems)) or f"{printable(options.archive)}: no problems")
    if problems:
        raise ValueError(f"{options.archive}: would be rejected ({len(problems)} problems)")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
