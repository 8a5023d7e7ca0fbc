"""The code in the documentation does what its page says."""

import re
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
