"""Files beside a draft: attached, unpacked, downloaded, matched to cells, and cleared away."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.desk import Desk, Upload
from services.errors import MissingError
from services.files.paths import MAX_NAME_LENGTH
from services.models import Agent, AgentInput, Check, Choice, ChoiceKind, Draft, FileRef, InputType
from services.settings import load
from tests.store.making import wait_until
from tests.support.pictures import PictureServer

PNG = b"\x89PNG\r\n\x1a\n"
PHOTO = AgentInput("Photo", InputType.MEDIA, required=True, file_types=("png", "jpg"), max_megabytes=0.01)
SHEETS = AgentInput("Data sheets", InputType.FILE, max_values=3, takes_urls=True)
AGENT = Agent("agent-1", "Alt text", (PHOTO, SHEETS))


@pytest.fixture
def settings() -> dict[str, str]:
    return {}


@pytest.fixture
def desk(tmp_path: Path, settings: dict[str, str]) -> Iterator[Desk]:
    given = {"DATABASE_URL": f"sqlite:///{tmp_path / 'copydesk.db'}", **settings}
    desk = Desk(load(given, env_file=tmp_path / "none.env"))
    desk.start()
    yield desk
    desk.stop()


def open_draft(desk: Desk, *photos: str, **columns: str) -> Draft:
    """A draft with a column of photos, which feeds the agent's input."""
    lines = "\n".join(f'"{photo}"' for photo in ("Photo", *photos))
    draft = desk.drafts.open(lines.encode(), "photos.csv")
    desk.drafts.choose_agent(draft.id, AGENT)
    choices = {name: Choice(ChoiceKind.COLUMN, (column,)) for name, column in {"Photo": "Photo", **columns}.items()}
    return desk.drafts.save_choices(draft.id, choices)


def attach(desk: Desk, draft: Draft, *names: str, content: bytes = PNG) -> list[str]:
    """Attach files of different contents; gives what was left out."""
    uploads = [Upload(name, io.BytesIO(content + name.encode())) for name in names]
    return list(desk.files.attach(draft.id, uploads).notes)


def problems(check: Check) -> list[tuple[int, str]]:
    return [(problem.number, problem.problem.message) for problem in check.problems]


def test_cells_find_their_files_and_rows_without_one_say_so(desk: Desk) -> None:
    draft = open_draft(desk, "mug.png", "photos/CAP.PNG", "hat", "gone.png")
    attach(desk, draft, "mug.png", "cap.png", "hat.png", "spare.png")
    report = desk.files.look(draft).report
    [photos] = report.inputs
    assert (photos.found, [name.name for name in photos.missing]) == (3, ["gone.png"])
    assert [file.name for file in report.unused] == ["spare.png"]
    check = desk.drafts.check(draft)
    assert (check.ready, problems(check)) == (
        3,
        [(5, "No file is named “gone.png”. Upload it, or fix its name in the spreadsheet.")],
    )


def test_attaching_the_missing_file_makes_its_row_ready(desk: Desk) -> None:
    draft = open_draft(desk, "mug.png", "cap.png")
    attach(desk, draft, "mug.png")
    assert desk.drafts.check(draft).ready == 1
    attach(desk, draft, "cap.png")
    assert desk.drafts.check(draft).ready == 2
    desk.files.detach(draft.id, ["mug.png"])
    assert desk.drafts.check(draft).ready == 1


def test_what_an_input_does_not_take_is_a_problem_of_its_rows(desk: Desk) -> None:
    draft = open_draft(desk, "big.png", "letter.pdf", "empty.png", "mug.png")
    attach(desk, draft, "big.png", content=PNG + bytes(20_000))
    attach(desk, draft, "letter.pdf", content=b"%PDF-1.7\n")
    attach(desk, draft, "mug.png")
    desk.files.attach(draft.id, [Upload("empty.png", io.BytesIO(b""))])
    assert problems(desk.drafts.check(draft)) == [
        (2, "big.png is 0.02 MB, but Photo takes files up to 0.01 MB. Make it smaller and upload it again."),
        (3, "letter.pdf is a PDF document, but Photo takes PNG and JPG files. Convert it and upload it again."),
        (4, "empty.png is empty. Save it again and upload the new one."),
    ]


def test_a_cell_with_more_files_than_the_input_takes_says_so(desk: Desk) -> None:
    draft = open_draft(desk, "mug.png; cap.png", "mug.png")
    attach(desk, draft, "mug.png", "cap.png")
    assert problems(desk.drafts.check(draft)) == [
        (2, "This cell names 2 files, but Photo takes 1 file. Remove the others.")
    ]


def test_a_replaced_file_is_said(desk: Desk) -> None:
    draft = open_draft(desk, "mug.png")
    assert attach(desk, draft, "mug.png") == []
    assert attach(desk, draft, "mug.png") == []
    assert attach(desk, draft, "mug.png", content=PNG * 2) == ["“mug.png” replaced the file of that name."]


def test_ids_that_writer_knows_are_sent_as_they_are(desk: Desk) -> None:
    known = "0b7e4c55-9a43-4de0-a7c2-f9516f1d2c84"
    draft = open_draft(desk, known, "mug.png")
    attach(desk, draft, "mug.png")
    find = desk.files.look(draft).finders["Photo"]
    assert find(known) == [known]
    [reference] = find("mug.png")
    assert FileRef.parse(reference) == FileRef(desk.files.look(draft).report.attached[0].file.hash, "mug.png")


def test_a_file_whose_extension_lies_is_sent_under_its_own(desk: Desk) -> None:
    draft = open_draft(desk, "mug.jpg")
    attach(desk, draft, "mug.jpg")
    [reference] = desk.files.look(draft).finders["Photo"]("mug.jpg")
    assert reference.endswith("/mug.png")


def test_an_archive_is_unpacked(desk: Desk) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("photos/mug.png", "photos/cap.png", "../evil.png", "__MACOSX/mug.png"):
            archive.writestr(name, PNG + name.encode())
    packed.seek(0)
    draft = open_draft(desk, "mug.png", "cap.png")
    attached = desk.files.attach(draft.id, [Upload("photos.zip", packed)])
    assert attached.stored == 2
    assert list(attached.notes) == ["“../evil.png” has a name that can't be used, so it was left out."]
    assert desk.drafts.check(draft).ready == 2


@pytest.mark.parametrize("name", ["../mug.png", "CON.png", f"{'x' * (MAX_NAME_LENGTH + 1)}.png", "a\x00b.png"])
def test_a_name_that_cannot_be_used_is_reported_and_the_others_are_kept(desk: Desk, name: str) -> None:
    draft = open_draft(desk, "mug.png")
    [note] = attach(desk, draft, name, "mug.png")
    assert note.endswith("has a name that can't be used. Rename it and upload it again.")
    assert desk.drafts.check(draft).ready == 1


@pytest.mark.parametrize("settings", [{"MAX_FILE_MB": "1", "MAX_FILES_MB": "1"}])
def test_limits_on_one_file_and_on_all_are_reported(desk: Desk) -> None:
    draft = open_draft(desk, "a.png")
    big = attach(desk, draft, "huge.png", content=bytes(1_100_000))
    attach(desk, draft, "a.png", content=bytes(1024 * 1024 - 100))
    attach(desk, draft, "b.png", content=bytes(90))
    over = attach(desk, draft, "c.png", content=bytes(90))
    assert big == ["“huge.png” has more than 1 MB. Make it smaller and upload it again."]
    assert len(over) == 1
    assert [file.name for file in desk.files.look(draft).report.attached] == ["a.png", "b.png"]


def test_a_draft_that_is_gone_takes_no_files(desk: Desk) -> None:
    draft = open_draft(desk, "mug.png")
    with pytest.raises(MissingError):
        desk.files.attach("gone", [Upload("mug.png", io.BytesIO(PNG))])
    assert draft


class TestLinks:
    """Cells with URLs, for an agent that wants files."""

    @pytest.fixture
    def shop(self) -> Iterator[PictureServer]:
        with PictureServer() as shop:
            shop.put_up("/mug.png")
            yield shop

    @pytest.fixture
    def settings(self, shop: PictureServer) -> dict[str, str]:
        return {"FETCH_PRIVATE_HOSTS": shop.host}

    def fetched(self, desk: Desk, draft: Draft) -> None:
        desk.files.fetch(draft)
        wait_until(lambda: desk.files.fetch_progress(draft.id) is None)

    def test_links_are_downloaded_before_the_check(self, desk: Desk, shop: PictureServer) -> None:
        draft = open_draft(desk, shop.url("/mug.png"), shop.url("/gone.png"))
        assert desk.drafts.incomplete(draft) == ["0 of 2 links downloaded so far."]
        self.fetched(desk, draft)
        assert desk.drafts.incomplete(draft) == []
        report = desk.files.look(draft).report
        assert (report.urls, report.failed_urls, report.pending_urls) == (2, 1, ())
        assert [file.name for file in report.downloaded] == ["mug.png"]
        check = desk.drafts.check(draft)
        assert check.ready == 1
        assert problems(check) == [
            (
                3,
                f"The address {shop.host}/gone.png leads to nothing (404). "
                "Check the address, or attach the file instead.",
            )
        ]

    def test_an_attached_file_of_the_same_name_takes_the_place_of_a_link(self, desk: Desk, shop: PictureServer) -> None:
        draft = open_draft(desk, shop.url("/gone.png"))
        self.fetched(desk, draft)
        attach(desk, draft, "gone.png")
        assert desk.drafts.check(draft).ready == 1
        assert desk.files.look(draft).report.unused == ()

    def test_links_are_passed_on_where_the_agent_accepts_them(self, desk: Desk, shop: PictureServer) -> None:
        draft = open_draft(desk, shop.url("/mug.png"), **{"Data sheets": "Photo"})
        assert desk.files.look(draft).finders["Data sheets"](shop.url("/mug.png")) == [shop.url("/mug.png")]

    def test_trying_again_downloads_what_failed(self, desk: Desk, shop: PictureServer) -> None:
        draft = open_draft(desk, shop.url("/late.png"))
        self.fetched(desk, draft)
        assert desk.drafts.check(draft).ready == 0
        shop.put_up("/late.png")
        desk.files.refetch(draft)
        wait_until(lambda: desk.files.fetch_progress(draft.id) is None)
        assert desk.drafts.check(draft).ready == 1


@pytest.mark.parametrize("settings", [{"FETCH_URLS": "false"}])
def test_links_are_a_problem_where_downloading_is_turned_off(desk: Desk) -> None:
    draft = open_draft(desk, "https://shop.example/mug.png")
    assert desk.drafts.incomplete(draft) == []
    assert problems(desk.drafts.check(draft)) == [
        (
            2,
            "This link can't be used: the agent needs a file, and downloading is turned off (FETCH_URLS). "
            "Attach the file instead.",
        )
    ]


def test_files_go_with_the_last_one_that_needs_them(desk: Desk) -> None:
    first, second = open_draft(desk, "mug.png"), open_draft(desk, "mug.png")
    attach(desk, first, "mug.png")
    attach(desk, second, "mug.png")
    [named] = desk.files.look(first).report.attached
    desk.files.detach(first.id, ["mug.png"])
    desk.files.remove_unneeded([named])
    assert desk.files.open(named.file.hash)[0].file == named.file
    desk.files.detach(second.id, ["mug.png"])
    desk.files.remove_unneeded([named])
    with pytest.raises(MissingError):
        desk.files.open(named.file.hash)
