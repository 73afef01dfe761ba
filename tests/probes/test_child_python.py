from __future__ import annotations

import importlib.util
import time
from pathlib import Path
from types import ModuleType

import pytest

from techdoctor.errors import CannotMeasure
from techdoctor.probes.disks import child_python, read_child, write_child
from techdoctor.probes.shares import mount_child


def _module(folder: Path, source: str) -> ModuleType:
    path = folder / "written.py"
    path.write_text(source)
    spec = importlib.util.spec_from_file_location("written", path)
    assert spec is not None
    return importlib.util.module_from_spec(spec)


def test_one_that_hangs_holds_up_no_other_and_is_left_behind(tmp_path: Path) -> None:
    module = _module(
        tmp_path,
        "import time\nPATIENCE_S = 0.5\n"
        "def answer(entry):\n    time.sleep(60 if entry == 'stuck' else 0)\n    return {'said': entry.upper()}\n",
    )
    begun = time.monotonic()
    answers = child_python.ask_each(module, ["stuck", "well"], 30.0)
    assert answers == [{"path": "well", "said": "WELL"}]
    assert time.monotonic() - begun < 20


def test_a_module_that_cannot_be_run_is_told_by_its_error(tmp_path: Path) -> None:
    with pytest.raises(CannotMeasure, match="ZeroDivisionError"):
        child_python.ask_each(_module(tmp_path, "PATIENCE_S = 1 / 0"), ["any"], 30.0)


def test_the_real_ones_answer_for_folders_and_for_what_is_not_there(tmp_path: Path) -> None:
    places = [str(tmp_path), str(tmp_path / "gone")]
    for module, missing in ((read_child, "ENOENT"), (write_child, "ENOENT"), (mount_child, 2)):
        answers = {answer["path"]: answer for answer in child_python.ask_each(module, places, 30.0)}
        assert answers[places[0]]["error"] in ("", 0)
        assert answers[places[1]]["error"] == missing
    assert list(tmp_path.iterdir()) == [], "the file that was written is removed again"
