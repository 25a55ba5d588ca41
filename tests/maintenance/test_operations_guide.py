"""Every block of commands in docs/operations is run, in its order, on a small installation of the kind that it names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from maintenance.guide import FOLDER, Block, Installation, blocks, blocks_of
from support.postgres import Cluster

ALL = blocks()
KINDS = ["folder", "objects", "postgresql", "replicas"]
# How many blocks cannot be run here. Each says why.
NOT_RUN = 14


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    cluster = Cluster()
    yield cluster
    cluster.close()


def runs() -> list[tuple[str, str]]:
    """Which kinds of installations each document is about."""
    return sorted({(block.document, block.on) for block in ALL if block.on})


@pytest.mark.folder
@pytest.mark.parametrize(("document", "kind"), runs(), ids=lambda value: value.removesuffix(".md"))
def test_blocks_do_what_the_guide_says(document, kind, tmp_path, cluster):
    assert kind in KINDS
    installation = Installation(tmp_path)
    try:
        needs = [cluster] if kind in ("postgresql", "replicas") else []
        getattr(installation, f"on_{kind}")(*needs)
        for block in ALL:
            if (block.document, block.on) == (document, kind):
                print(block, installation.run(block.text), sep="\n")
    finally:
        installation.close()


def test_blocks_that_are_not_run_say_why_and_are_few():
    left_out = [block for block in ALL if block.on is None]
    assert all(len(block.reason) > 20 for block in left_out)
    assert len(left_out) == NOT_RUN, [str(block) for block in left_out]
    assert {block.on for block in ALL} - {None} <= set(KINDS)


def test_block_that_fails_or_has_no_comment_is_noticed(tmp_path):
    text = "x\n\n```sh\ntrue\n```\n"
    with pytest.raises(AssertionError, match="no comment says"):
        blocks_of("odd.md", text)
    [block] = blocks_of("odd.md", text.replace("```sh", "<!-- run: folder -->\n```sh"))
    assert block == Block("odd.md", 4, "true\n", "folder", None)
    installation = Installation(tmp_path)
    for wrong in ["false\ntrue\n", "false | true\n", "echo $NOT_SET\n", "wheelhouse health --url http://127.0.0.1:8080/\n"]:
        with pytest.raises(AssertionError):
            installation.run(wrong)


def test_every_page_is_in_the_list_and_every_link_leads_somewhere():
    index = (FOLDER / "README.md").read_text()
    for path in FOLDER.glob("*.md"):
        assert path.name == "README.md" or f"({path.name})" in index, path.name
