"""Folders of results: whole or not at all."""

import errno
import os
from pathlib import Path

import pytest

from abm.errors import BadInput
from experiments.folders import new_folder, read_manifest


def anything(_: Path) -> None:
    """Whatever is there may be replaced."""


def nothing(folder: Path) -> None:
    raise BadInput(f"{folder.name} is not ours")


def tree(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): p.read_text() if p.is_file() else "/" for p in sorted(folder.rglob("*"))
    }


def test_the_folder_appears_at_the_end_with_its_parents(tmp_path: Path) -> None:
    out = tmp_path / "a" / "b"
    with new_folder(out, nothing) as stage:
        (stage / "x").write_text("1")
        assert not out.exists()
    assert tree(tmp_path) == {"a": "/", "a/b": "/", "a/b/x": "1"}


@pytest.mark.parametrize("fault", [KeyboardInterrupt, RuntimeError, SystemExit])
@pytest.mark.parametrize("there_before", [True, False])
def test_a_fault_leaves_everything_as_it_was(
    tmp_path: Path, fault: type[BaseException], there_before: bool
) -> None:
    out = tmp_path / "a" / "b"
    if there_before:
        out.mkdir(parents=True)
        (out / "x").write_text("old")
    before = tree(tmp_path)

    def half_done() -> None:
        with new_folder(out, anything) as stage:
            (stage / "x").write_text("half")
            raise fault

    with pytest.raises(fault):
        half_done()
    assert tree(tmp_path) == before


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    with (
        pytest.raises(BadInput, match=r"cannot write to .*: No space left"),
        new_folder(tmp_path / "b", nothing),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert tree(tmp_path) == {}


def test_a_finished_folder_is_replaced_whole(tmp_path: Path) -> None:
    out = tmp_path / "b"
    out.mkdir()
    (out / "old").write_text("old")
    with new_folder(out, anything) as stage:
        (stage / "new").write_text("new")
    assert tree(tmp_path) == {"b": "/", "b/new": "new"}


def test_if_the_new_folder_cannot_move_in_the_old_one_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "b"
    out.mkdir()
    (out / "old").write_text("old")
    rename = Path.rename

    def fails_for_new(self: Path, target: Path) -> Path:
        if self.suffix == ".partial":
            raise OSError(errno.EIO, "input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fails_for_new)
    with pytest.raises(BadInput, match="input/output error"), new_folder(out, anything) as stage:
        (stage / "new").write_text("new")
    assert tree(tmp_path) == {"b": "/", "b/old": "old"}


def test_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "letter").write_text("dear")
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    before = tree(tmp_path / "b")
    for name, sentence in [("b", "not ours"), ("file", "not a folder"), ("link", "not a folder")]:
        with pytest.raises(BadInput, match=sentence), new_folder(tmp_path / name, nothing):
            pytest.fail("nothing may be written")
    with pytest.raises(BadInput, match="cannot write to"), new_folder(tmp_path / "file" / "b", nothing):
        pytest.fail("a file is no parent")
    with pytest.raises(BadInput, match="cannot write to"), new_folder(tmp_path / ("n" * 300), nothing):
        pytest.fail("the name is too long")
    assert tree(tmp_path / "b") == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b", "file", "link"]


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    with new_folder(tmp_path / "b", nothing) as stage:
        (stage / "x").write_text("1")
    assert tree(tmp_path) == {"b": "/", "b/x": "1"}


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"format": "other"}', "\xff"])
def test_a_folder_without_our_manifest_is_no_result(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "manifest.json").write_text(text, encoding="latin-1")
    with pytest.raises(BadInput, match="holds no finished 'run 1'"):
        read_manifest(tmp_path, "run 1")
