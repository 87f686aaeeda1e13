"""The files between the control plane and the DNS server."""

from pathlib import Path

from sandbox.drivers.names import files
from sandbox.drivers.names.base import Name, Published
from sandbox.drivers.names.files import Folder
from sandbox.drivers.names.served import ServedNames
from tests.support.waiting import until

WEB = Published(names=(Name("a.b", ("10.0.0.4", "10.0.0.5")),), servers=("10.0.0.2",), reverse=(Name("a.b", ("10.0.0.4",)),), internet=True)


def test_what_is_written_is_read_back_and_a_change_is_seen(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "names")
    assert not folder.changed()
    files.write(tmp_path / "names", "ec2", WEB)
    assert folder.changed() and folder.all() == (WEB,) and not folder.changed()
    files.write(tmp_path / "names", "ec2", Published())
    assert folder.changed() and folder.all() == (Published(),)
    (tmp_path / "names/ec2.json").unlink()
    assert folder.changed() and folder.all() == ()


def test_a_file_that_cannot_be_read_leaves_the_names_of_before(tmp_path: Path) -> None:
    files.write(tmp_path, "ec2", WEB)
    folder = Folder(tmp_path)
    assert folder.changed()
    (tmp_path / "ec2.json").write_text("{")
    assert folder.changed() and folder.all() == (WEB,)


def test_published_names_are_in_the_folder_and_the_router_has_the_servers_addresses(tmp_path: Path) -> None:
    held: list[set[str]] = []
    names = ServedNames(tmp_path, lambda addresses: held.append(set(addresses)))
    for _ in range(2):
        names.publish("ec2", WEB)
    names.publish("elbv2", Published(names=(Name("shop", ("10.0.1.254",)),)))
    folder = Folder(tmp_path)
    until(lambda: folder.changed() and len(folder.all()) == 2)
    assert held == [{"169.254.169.253", "10.0.0.2"}]
    assert names.available() is None
    names.close()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "names").write_text("a file")
    names = ServedNames(tmp_path / "names", lambda addresses: None)
    names.publish("ec2", WEB)
    until(lambda: names.available() is not None)
    assert "could not be published" in (names.available() or "")
    names.close()
