"""Digests of code are remembered while no file of it changes."""

import os

import pytest

from experiments.sources.reach import Sources

ENTRY = [("lib.work", "work")]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "__init__.py").write_text("")
    (tmp_path / "lib" / "work.py").write_text(
        "from lib.tools import helper\n\ndef work(x):\n    return helper(x)\n"
    )
    (tmp_path / "lib" / "tools.py").write_text("def helper(x):\n    return 2 * x\n")
    return tmp_path


def digest(folder, reads=None, **options):
    """Of work, by sources that a new process would make; reads: counts files that are parsed."""
    sources = Sources(folder, memory=folder / "memory")
    found = sources.digest(ENTRY, **options)
    if reads is not None:
        reads.append(sources.read.cache_info().misses)
    return found


def test_nothing_is_read_again_where_nothing_has_changed(folder):
    reads = []
    first = digest(folder, reads)
    assert digest(folder, reads) == first == Sources(folder).digest(ENTRY)
    assert reads[0] > 0 and reads[1] == 0


def test_a_changed_file_is_seen_also_of_the_same_length_and_age(folder):
    first, path = digest(folder), folder / "lib" / "tools.py"
    stat = path.stat()
    path.write_text(path.read_text().replace("2", "3"))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert digest(folder) == Sources(folder).digest(ENTRY) != first


def test_a_new_file_that_takes_anothers_place_is_seen(folder):
    first = digest(folder)
    package = folder / "lib" / "tools"
    package.mkdir()
    (package / "__init__.py").write_text("def helper(x):\n    return 4 * x\n")
    assert digest(folder) == Sources(folder).digest(ENTRY) != first


def test_other_questions_have_other_answers(folder):
    assert digest(folder) != digest(folder, without=["helper"])
    assert digest(folder) == Sources(folder).digest(ENTRY)


def test_a_damaged_memory_is_made_again(folder):
    first = digest(folder)
    for path in (folder / "memory").iterdir():
        path.write_text("{")
    assert digest(folder) == first


def test_a_memory_that_cannot_be_written_costs_time_only(folder):
    (folder / "memory").write_text("no folder")
    assert digest(folder) == Sources(folder).digest(ENTRY)
