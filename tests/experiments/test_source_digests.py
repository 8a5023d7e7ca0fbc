"""A digest of code: what it sees, and what it does not."""

import pytest

from experiments.sources.reach import Sources

FILES = {
    "lib/__init__.py": "",
    "lib/work.py": (
        "from lib import tools\n"
        "from lib.tools import FACTOR, helper as scaled\n"
        "import numpy as np\n\n"
        "def work(x):\n    return tools.added(scaled(np.abs(x)), FACTOR)\n\n"
        "def other():\n    return 0\n"
    ),
    "lib/tools.py": (
        "FACTOR = 2\n\n"
        "def helper(x: int) -> int:\n    '''Says so.'''\n    return inner(x)  # why\n\n"
        "def inner(x):\n    return 3 * x\n\n"
        "def added(x, y):\n    return x + y\n\n"
        "def unused():\n    return 1\n"
    ),
}


@pytest.fixture
def digest(tmp_path):
    """Writes files and gives the digest of work."""

    def made(files=FILES, changes=(), entry=("lib.work", "work"), **options):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        for name, text in files.items():
            for old, new in changes:
                text = text.replace(old, new)
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        return Sources(folder).digest([entry], **options)

    return made


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("FACTOR = 2", "FACTOR = 3"),
        ("return 3 * x", "return 3 * x + 0"),
        ("return x + y", "return x - y"),
        ("np.abs(x)", "np.sign(x)"),
        ("import numpy as np", "import scipy as np"),
        ("helper as scaled", "inner as scaled"),
    ],
)
def test_what_a_function_reaches_is_seen(digest, old, new):
    assert digest(changes=[(old, new)]) != digest()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  # why", ""),
        ("'''Says so.'''", "'''Says otherwise.'''"),
        ("x: int", "x: float"),
        (" -> int", ""),
        ("return x + y", "return (\n        x + y\n    )"),
        ("return 1", "return 2"),
        ("return 0", "return scaled(1)"),
        ("import numpy as np", "import numpy"),
        ("helper as scaled", "helper as tripled"),
    ],
)
def test_what_changes_no_result_is_not_seen(digest, old, new):
    changes = [(old, new)]
    changes += [("np.", "numpy.")] if new == "import numpy" else []
    changes += (
        [("scaled(np", "tripled(np"), ("scaled(nu", "tripled(nu")] if "tripled" in new else []
    )
    assert digest(changes=changes) == digest()


def test_a_file_or_a_folder_may_have_another_name(digest):
    moved = {
        "house/__init__.py": "",
        "house/room/__init__.py": "",
        "house/room/work.py": FILES["lib/work.py"]
        .replace("from lib import tools", "from . import means as tools")
        .replace("lib.tools", "house.room.means"),
        "house/room/means.py": FILES["lib/tools.py"],
    }
    assert digest(moved, entry=("house.room.work", "work"), changes=[("tools.added", "means.added"),
        ("as tools", "")]) == digest()  # fmt: skip


def test_a_definition_may_move_to_another_file(digest):
    files = FILES | {
        "lib/tools.py": FILES["lib/tools.py"].replace(
            "def inner(x):\n    return 3 * x\n", "from lib.more import inner\n"
        ),
        "lib/more.py": "def inner(x):\n    return 3 * x\n",
    }
    assert digest(files) == digest()


def test_what_loading_a_file_does_is_seen(digest):
    registered = FILES | {
        "lib/tools.py": FILES["lib/tools.py"] + "\nTABLE = {}\nTABLE[1] = added\n"
    }
    assert digest(registered) != digest()


def test_what_only_words_an_error_is_not_seen(digest):
    start = "from lib.extras import tell_missing_packages\n\ntell_missing_packages()\n"
    told = FILES | {
        "lib/__init__.py": start,
        "lib/extras.py": "def tell_missing_packages():\n    print('pip install')\n",
    }
    with_more = told | {"lib/extras.py": told["lib/extras.py"] + "    return 1\n"}
    left_out = ("tell_missing_packages",)
    assert digest(told, without=left_out) == digest(with_more, without=left_out)


def test_imports_in_functions_and_in_circles_are_followed(digest):
    files = {
        "a.py": "def work():\n    from b import deep\n    return deep()\n",
        "b.py": "from a import gone\nfrom c import deep\n",
        "c.py": "def deep():\n    import a\n    return a.work\n",
    }
    files["a.py"] += "\nfrom b import gone\n"
    changes = [("return a.work", "return a")]
    assert digest(files, entry=("a", "work")) != digest(files, changes, ("a", "work"))


def test_only_chosen_entries_of_a_dictionary_count(digest):
    files = {
        "a.py": "def f():\n    return 1\n\ndef g():\n    return 2\n\n"
        "ALL = {'f': f, 'g': g}\n\ndef work(name):\n    return ALL[name]()\n"
    }
    entry, chosen = ("a", "work"), {"ALL": ["f"]}
    assert digest(files, entry=entry, chosen=chosen) == digest(
        files, [("return 2", "return 3")], entry, chosen=chosen
    )
    assert digest(files, entry=entry, chosen=chosen) != digest(
        files, [("return 1", "return 3")], entry, chosen=chosen
    )


def test_what_is_no_python_is_named(digest):
    with pytest.raises(ValueError, match=r"work.py:1: not Python"):
        digest({"lib/work.py": "def work(:\n"}, entry=("lib.work", "work"))


def test_an_entry_that_is_not_there_is_named(digest):
    with pytest.raises(ValueError, match="there is no gone in lib.work"):
        digest(entry=("lib.work", "gone"))
