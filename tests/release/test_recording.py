"""The recording in the README shows what the program says today."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "recordings"


@pytest.mark.folder
def test_recording_in_the_readme_is_what_the_program_says(tmp_path, shared):
    spec = importlib.util.spec_from_file_location("release_recording", FOLDER / "release.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    now = script.said(script.record(tmp_path / "work", shared, port=0).text)
    head, *events = map(json.loads, (FOLDER / "release.cast").read_text().splitlines())
    assert head["version"] == 2
    assert script.said("".join(shown for _, _, shown in events)) == now, "run ./ci/recording and look at the picture"
    assert "helpers 1.3 is released and tagged v1.3." in now and now[-2] == "Hello, Ada.", now
    picture = (FOLDER / "release.svg").read_text()
    assert "<script" not in picture and "http://www.w3.org/2000/svg" in picture
    assert "docs/recordings/release.svg" in (FOLDER.parents[1] / "README.md").read_text()
