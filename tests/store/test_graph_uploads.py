"""Files on their way into Knowledge Graphs, in the store."""

from services.models import (
    GraphName,
    GraphProgress,
    GraphUpload,
    GraphUploadState,
    NamedFile,
    StoredFile,
    WriterFile,
    WriterFileState,
)
from services.store import Store
from tests.store.making import HERE, NOW, launch

WAITING, PROCESSING = GraphUploadState.WAITING, GraphUploadState.PROCESSING


def stored(name: str) -> NamedFile:
    return NamedFile(name, StoredFile(f"hash of {name}", 7, "text/plain"))


def waiting(store: Store, but: tuple[str, ...] = ()) -> dict[str, GraphUpload]:
    return {each.name: each for each in store.graph_uploads.unfinished(HERE, WAITING, 10, but)}


def test_files_go_from_waiting_to_their_end(store: Store) -> None:
    uploads = store.graph_uploads
    uploads.add(HERE, "g", [stored(name) for name in ("c", "a", "b", "d")], NOW)
    uploads.add("elsewhere", "g", [stored("x")], NOW)
    found = waiting(store)
    assert list(found) == ["a", "b", "c", "d"]
    a, b, c = (found[name] for name in "abc")
    assert a == GraphUpload(a.id, "g", "a", stored("a").file, WAITING, None)
    assert list(waiting(store, but=(a.id, b.id))) == ["c", "d"]
    for upload in (a, b, c):
        uploads.uploaded(upload.id, f"file {upload.name}")
    assert waiting(store)["a"].file_id == "file a"
    for upload in (a, b):
        uploads.arrived(upload.id)
    uploads.not_arrived(c.id, "Refused.")
    assert uploads.unfinished_states(HERE) == {WAITING, PROCESSING}
    assert (uploads.moving(HERE), uploads.moving("elsewhere"), uploads.moving("nowhere")) == ({"g"}, {"g"}, set())
    assert uploads.progress(HERE, "g") == GraphProgress(waiting=1, processing=2, failed=1)
    uploads.completed(a.id)
    uploads.not_processed(b.id)
    assert uploads.progress(HERE, "g") == GraphProgress(waiting=1, completed=1, failed=2)
    assert [(each.name, each.error, each.file_id) for each in uploads.never_arrived(HERE, "g")] == [
        ("c", "Refused.", None)
    ]


def test_bytes_are_needed_until_writer_has_them(store: Store) -> None:
    uploads = store.graph_uploads
    uploads.add(HERE, "g", [stored(name) for name in ("a", "b", "c")], NOW)
    a, b, _ = waiting(store).values()
    for upload in (a, b):
        uploads.uploaded(upload.id, f"file {upload.name}")
    uploads.arrived(a.id)
    uploads.not_arrived(b.id, "Refused.")
    assert store.files.needed() == {"hash of b", "hash of c"}
    assert uploads.release(HERE) == [stored("a")]
    assert uploads.release(HERE) == []
    assert uploads.unfinished(HERE, PROCESSING, 10)[0].file is None
    uploads.forget_never_arrived(HERE, "g")
    assert store.files.needed() == {"hash of c"}


def test_those_that_never_arrived_wait_again(store: Store) -> None:
    uploads = store.graph_uploads
    uploads.add(HERE, "g", [stored("a")], NOW)
    uploads.follow(HERE, "g", [WriterFile("file z", "z", WriterFileState.IN_PROGRESS)], NOW)
    z = uploads.unfinished(HERE, PROCESSING, 10)[0]
    assert z == GraphUpload(z.id, "g", "z", None, PROCESSING, "file z")
    uploads.not_arrived(waiting(store)["a"].id, "Refused.")
    uploads.not_arrived(z.id, "Gone.")
    assert uploads.upload_again(HERE, "g") == 1
    assert list(waiting(store)) == ["a"]
    assert uploads.never_arrived(HERE, "g") == []


def test_the_count_begins_anew_once_all_have_ended(store: Store) -> None:
    uploads = store.graph_uploads
    uploads.add(HERE, "g", [stored("a"), stored("b")], NOW)
    a, b = waiting(store).values()
    uploads.uploaded(a.id, "file a")
    uploads.completed(a.id)
    uploads.add(HERE, "g", [stored("c")], NOW)
    assert uploads.progress(HERE, "g") == GraphProgress(waiting=2, completed=1)
    for upload in (b, waiting(store)["c"]):
        uploads.uploaded(upload.id, f"file {upload.name}")
        uploads.completed(upload.id)
    uploads.follow(HERE, "g", [WriterFile("file b", "b", WriterFileState.FAILED)], NOW)
    assert uploads.progress(HERE, "g") == GraphProgress(processing=1)


def test_a_batch_keeps_what_its_agent_used(store: Store) -> None:
    batch_id = launch(store, 1)
    assert store.batches.only(batch_id).graphs is None
    store.batches.record_graphs(batch_id, [])
    assert store.batches.only(batch_id).graphs == ()
    graphs = (GraphName("g", "Brand book"), GraphName("h", "Catalog é"))
    store.batches.record_graphs(batch_id, graphs)
    assert store.batches.only(batch_id).graphs == graphs
