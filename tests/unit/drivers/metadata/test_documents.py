"""What the server finds in the folder of documents from look to look."""

from pathlib import Path

from sandbox.drivers.metadata.document_json import from_json, to_json
from sandbox.drivers.metadata.server.documents import Documents
from tests.support.drivers.metadata import ADDRESS, ID, document


def put(folder: Path, version: int, instance_id: str = ID) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{instance_id}.json").write_text(to_json(document(instance_id), (ADDRESS,), version))


def test_a_document_survives_its_file() -> None:
    made = document(ami_id="ami-1")
    assert from_json(to_json(made, ("127.0.0.5",), 7)) == (made, ("127.0.0.5",), 7)


def test_only_what_has_changed_is_read_again(tmp_path: Path) -> None:
    documents, other = Documents(tmp_path), "i-0fedcba9876543210"
    put(tmp_path, 2)
    put(tmp_path, 1, other)
    assert [each.instance_id for each in documents.changed()] == [other, ID]
    assert documents.changed() == [] and documents.gone() == []
    (tmp_path / f"{other}.json").unlink()
    assert documents.gone() == [other] and documents.gone() == []


def test_a_file_that_is_no_document_changes_nothing(tmp_path: Path) -> None:
    documents = Documents(tmp_path)
    put(tmp_path, 1)
    assert len(documents.changed()) == 1
    for text in ("", "{", "[]", "{}", '{"options": {"no_such": 1}, "addresses": [], "version": 2}'):
        (tmp_path / f"{ID}.json").write_text(text)
        assert documents.changed() == [] and documents.gone() == []


def test_a_missing_folder_changes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    put(folder, 1)
    documents = Documents(folder)
    documents.changed()
    folder.rename(tmp_path / "away")
    assert documents.gone() == [] and documents.changed() == []
