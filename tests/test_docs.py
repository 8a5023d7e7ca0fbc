"""The code in the documentation does what its page says."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def example(page: str) -> str:
    """The first Python block of a page."""
    return re.search(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL).group(1)


def test_the_plug_in_example_runs_in_ten_lines_without_detectron2():
    code = example("docs/plug-in.md")
    assert len([line for line in code.splitlines() if line.strip()]) == 10
    check = (
        "import sys; assert 'detectron2' not in sys.modules\n"
        "assert [x.shape for x in refined.values()] == [x.shape for x in pyramid.values()]\n"
        "assert loss.requires_grad and 0 < loss.item() <= 0.1\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code + check], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def commands(page: str, module: str) -> list[list[str]]:
    """Arguments of a page's `python -m module` lines."""
    lines = re.findall(rf"^python -m {re.escape(module)} (.*)$", (ROOT / page).read_text(), re.M)
    return [shlex.split(line) for line in lines]


def test_the_commands_for_your_own_data_are_understood():
    from tpr import demo, evaluate
    from tpr.data import import_command

    known = {
        "tpr.demo": demo.parse,
        "tpr.evaluate": evaluate.parse,
        "tpr.data import": import_command.parse,
    }
    counts = {}
    for module, parse in known.items():
        found = commands("docs/use.md", module)
        counts[module] = len(found)
        for arguments in found:
            parse(arguments)
    assert counts == {"tpr.demo": 1, "tpr.evaluate": 2, "tpr.data import": 3}
