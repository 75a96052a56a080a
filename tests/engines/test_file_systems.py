"""Which folder of the host a file system is: by its id or its access point's, for whom, and never outside of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchyard.engines.file_systems import Folder, WrongFileSystem, folder_of, read


def test_tables_are_read_or_refused_by_name() -> None:
    assert read({"fs-1": {"folder": "/data", "accounts": ["1"]}, "fsap-1": {"folder": "/x"}}) == {
        "fs-1": Folder("/data", ("1",)),
        "fsap-1": Folder("/x"),
    }
    for wrong, text in (
        ([], "takes tables"),
        ({"fs-1": {}}, "with `folder`"),
        ({"fs-1": {"folder": "data"}}, "absolute path"),
        ({"fs-1": {"folder": "/data", "path": "/x"}}, "unknown setting `path`"),
        ({"fs-1": {"folder": "/data", "accounts": "1"}}, "a list of texts"),
    ):
        with pytest.raises(WrongFileSystem, match=text):
            read(wrong)


def test_a_folder_is_its_accounts_and_is_not_left(tmp_path: Path) -> None:
    top = tmp_path / "top"
    (top / "sub").mkdir(parents=True)
    (top / "out").symlink_to("/etc")
    folders = {"fs-1": Folder(str(top), ("1",)), "fsap-1": Folder(str(top / "sub"))}
    assert folder_of(folders, "1", "fs-1", None, "/") == str(top)
    assert folder_of(folders, "1", "fs-1", None, "/sub") == str(top / "sub")
    assert folder_of(folders, "2", "fs-1", "fsap-1", "/") == str(top / "sub")
    for account, identity, root in (
        ("2", "fs-1", "/"),
        ("1", "fs-2", "/"),
        ("1", "fs-1", "/../other"),
        ("1", "fs-1", "/out"),
    ):
        assert folder_of(folders, account, identity, None, root) is None
