"""What a run leaves in `var/`, and that only one run holds it."""

import json
import os
from pathlib import Path

import pytest

from ops.embedded.run_folder import AlreadyRunningError, RunFolder


def test_a_second_run_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)

    with folder.lock(), pytest.raises(AlreadyRunningError, match=f"pid {os.getpid()}.*VAR_DIR"):
        folder.lock()


def test_the_folder_is_free_again_afterwards(tmp_path: Path) -> None:
    with RunFolder(tmp_path).lock():
        pass

    with RunFolder(tmp_path).lock():
        pass


def test_a_secret_stays_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    first, second = RunFolder(tmp_path).secret("link"), RunFolder(tmp_path).secret("link")

    assert first == second
    assert len(bytes.fromhex(first)) == 32
    assert (tmp_path / "secrets" / "link").stat().st_mode & 0o777 == 0o600


def test_addresses_are_one_a_line_and_end_with_the_run(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)

    folder.write_env({"EDGE_URL": "http://127.0.0.1:8080", "MAIL_URL": ""})
    folder.write_state({"services": {"tickets": [1]}})

    assert folder.env_file.read_text() == "EDGE_URL=http://127.0.0.1:8080\nMAIL_URL=\n"
    assert json.loads(folder.state_file.read_text()) == {"services": {"tickets": [1]}}
    folder.clear()
    assert not folder.env_file.exists()
    assert not folder.state_file.exists()
