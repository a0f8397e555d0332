"""Every job of an agent, over real HTTP: listed, retried, and collected, with answers that get lost."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from services.desk import Desk
from services.errors import PersonError, WriterError
from services.models import NO_INPUTS, Agent, CollectedJobs, CollectScope, JobState, RetriedJobs, RowState
from services.settings import load
from tests.support.double import AGENT_ID, Double, Fault, Kind, Options, Order, Served

AGENT = Agent(AGENT_ID, "Echo", ())
OVERLOADED = "The model is overloaded."


@pytest.fixture
def writer() -> Iterator[Served]:
    with Served(Double(Options(duration=0.0))) as served:
        yield served


@pytest.fixture
def desk(tmp_path: Path, writer: Served) -> Iterator[Desk]:
    given = {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'copydesk.db'}",
        "WRITER_API_KEY": "sk-of-ours-0123456789",
        "WRITER_BASE_URL": writer.url,
    }
    desk = Desk(load(given, env_file=tmp_path / "none.env"))
    desk.start()
    yield desk
    desk.stop()


def start(writer: Served, count: int, failed: int = 0) -> list[str]:
    """Let others start so many jobs, and the last of them fail; gives their ids, oldest first."""
    before = set(writer.double.jobs)
    writer.double.stranger(count)
    ids = [job_id for job_id in writer.double.jobs if job_id not in before]
    for job_id in ids[count - failed :]:
        writer.double.finish(job_id, OVERLOADED)
    return ids


def no_progress(_: int) -> None:
    pass


def retry(desk: Desk, *job_ids: str) -> RetriedJobs:
    listed = desk.jobs.page(AGENT_ID, None, 1, refresh=True).jobs
    return desk.jobs.retry(AGENT_ID, [item for item in listed if item.job.id in job_ids], no_progress)


def collect(desk: Desk, scope: CollectScope | None = None) -> CollectedJobs:
    return desk.jobs.collect(AGENT, scope or CollectScope(), "Collected", no_progress)


def wait(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def lists(writer: Served) -> int:
    return len(writer.double.books.of(Kind.LIST))


def test_a_page_is_read_once_for_all_who_look_at_it_and_again_when_it_is_old(desk: Desk, writer: Served) -> None:
    ids = start(writer, 3, failed=1)
    with ThreadPoolExecutor(4) as pool:
        pages = list(pool.map(lambda _: desk.jobs.page(AGENT_ID, None, 1), range(4)))
    assert all(page == pages[0] for page in pages)
    assert lists(writer) == 1
    assert [item.job.id for item in pages[0].jobs] == ids[::-1]
    assert [item.can_retry for item in pages[0].jobs] == [True, False, False]
    assert (pages[0].total, pages[0].pages, pages[0].is_newest_first, pages[0].problem) == (3, 1, True, "")
    clock = desk.jobs._clock
    now = clock.now()
    clock.now = lambda: now + 14.9  # type: ignore[method-assign]
    desk.jobs.page(AGENT_ID, None, 1)
    assert lists(writer) == 1
    clock.now = lambda: now + 61  # type: ignore[method-assign]
    desk.jobs.page(AGENT_ID, None, 1)
    assert lists(writer) == 2


def test_pages_are_as_long_as_the_server_makes_them_and_an_odd_order_is_not_called_newest_first(
    desk: Desk, writer: Served
) -> None:
    writer.double.options.page_cap, writer.double.options.order = 4, Order.OLDEST
    ids = start(writer, 10)
    assert [item.job.id for item in desk.jobs.page(AGENT_ID, None, 3).jobs] == ids[8:]
    page = desk.jobs.page(AGENT_ID, None, 2)
    assert ([item.job.id for item in page.jobs], page.pages, page.is_newest_first) == (ids[4:8], 3, False)


def test_when_the_list_cannot_be_read_the_last_one_stays_with_the_reason(desk: Desk, writer: Served) -> None:
    start(writer, 1)
    first = desk.jobs.page(AGENT_ID, None, 1)
    writer.double.script(Kind.LIST, Fault.ERROR_500)
    desk.jobs._forget(AGENT_ID)
    page = desk.jobs.page(AGENT_ID, None, 1)
    assert (page.jobs, page.read_at) == (first.jobs, first.read_at)
    assert "500" in page.problem


def test_failed_jobs_are_retried_through_writers_retry_call(desk: Desk, writer: Served) -> None:
    ids = start(writer, 4, failed=2)
    assert retry(desk, *ids) == RetriedJobs(2, not_retried=2)
    wait(lambda: all(job.status(time.time()) == "completed" for job in writer.double.jobs.values()))
    assert len(writer.double.books.of(Kind.RETRY)) == 2


def test_a_retry_whose_answer_is_lost_is_never_repeated(desk: Desk, writer: Served) -> None:
    (job_id,) = start(writer, 1, failed=1)
    writer.double.script(Kind.RETRY, Fault.ERROR_500)
    assert retry(desk, job_id) == RetriedJobs(lost=(job_id,))
    assert retry(desk, job_id) == RetriedJobs(not_retried=1)
    (listed,) = desk.jobs.page(AGENT_ID, None, 1, refresh=True).jobs
    assert (listed.is_held, listed.can_retry) == (True, False)
    assert collect(desk) == CollectedJobs(None, retrying=1)
    assert len(writer.double.books.of(Kind.RETRY)) == 1


def test_two_people_who_retry_at_once_start_a_job_once(desk: Desk, writer: Served) -> None:
    ids = start(writer, 8, failed=8)
    listed = desk.jobs.page(AGENT_ID, None, 1).jobs
    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(lambda _: desk.jobs.retry(AGENT_ID, listed, no_progress), range(3)))
    assert sum(result.retried for result in results) == len(ids)
    assert len(writer.double.books.of(Kind.RETRY)) == len(ids)


def test_a_refused_retry_says_why_and_may_be_tried_again(desk: Desk, writer: Served) -> None:
    (job_id,) = start(writer, 1, failed=1)
    listed = desk.jobs.page(AGENT_ID, None, 1).jobs
    writer.double.finish(job_id)
    assert desk.jobs.retry(AGENT_ID, listed, no_progress) == RetriedJobs(
        refused=("Writer refused the request: Only failed jobs can be retried.",), not_retried=1
    )
    writer.double.finish(job_id, OVERLOADED)
    assert retry(desk, job_id) == RetriedJobs(1)


def test_thousands_of_jobs_become_a_batch_that_is_watched_and_retried(desk: Desk, writer: Served) -> None:
    ids = start(writer, 2_000, failed=20)
    writer.double.jobs[ids[0]].ready_at = time.time() + 2  # one of them is still running
    seen: list[int] = []
    result = desk.jobs.collect(AGENT, CollectScope(), "Collected", seen.append)
    assert result == CollectedJobs(result.batch_id, 2_000)
    assert seen == sorted(seen)
    assert seen[-1] == 2_000
    batch_id = result.batch_id or ""
    wait(lambda: desk.batches.get(batch_id).counts[RowState.IN_PROGRESS] == 0)
    assert dict(desk.batches.get(batch_id).counts.by_state) == {RowState.COMPLETED: 1_980, RowState.FAILED: 20}
    listed = desk.jobs.page(AGENT_ID, JobState.FAILED, 1).jobs
    assert {item.row.batch_id for item in listed if item.row} == {batch_id}
    assert desk.jobs.retry(AGENT_ID, listed, no_progress) == RetriedJobs(20)
    wait(lambda: desk.batches.get(batch_id).counts[RowState.COMPLETED] == 2_000)
    assert not writer.double.books.of(Kind.CREATE)
    _, download = desk.batches.export(batch_id, "csv")
    first = b"".join(download).splitlines()[0].decode("utf-8-sig")
    assert first == "Job,Title,Created,Suggestion,Status,Error,Job ID"


@pytest.mark.parametrize("gone", [True, False])
def test_a_collected_row_whose_job_cannot_be_retried_has_failed_for_good(
    desk: Desk, writer: Served, gone: bool
) -> None:
    (job_id,) = start(writer, 1, failed=1)
    batch_id = collect(desk).batch_id or ""
    wait(lambda: desk.batches.get(batch_id).batch.finished_at is not None)
    if gone:
        writer.double.forget(job_id)
    else:
        writer.double.options.quota_status, writer.double.options.quota = 400, 0
    desk.rows.retry(batch_id)
    wait(lambda: desk.batches.get(batch_id).batch.finished_at is not None)
    error = desk.rows.get(batch_id, 0).error or ""
    assert error.endswith(NO_INPUTS)
    with pytest.raises(PersonError, match=NO_INPUTS):
        desk.rows.retry(batch_id)
    assert not writer.double.books.of(Kind.CREATE)


def test_jobs_of_a_time_span_and_with_given_ids_are_collected(desk: Desk, writer: Served) -> None:
    ids = start(writer, 30)
    times = [item.job.created_at for item in desk.jobs.page(AGENT_ID, None, 1).jobs][::-1]
    writer.double.add_agent("other", "Other", [])
    writer.double.stranger(1, "other")
    (foreign,) = set(writer.double.jobs) - set(ids)
    assert collect(desk, CollectScope(times[10], times[14])).collected == 5
    result = collect(desk, CollectScope(ids=(ids[0], ids[12], foreign, "nowhere")))
    assert result == CollectedJobs(result.batch_id, 1, 1, unknown_ids=(foreign, "nowhere"))
    with pytest.raises(PersonError, match=r"Paste 1,000 IDs or fewer"):
        collect(desk, CollectScope(ids=tuple(map(str, range(1_001)))))


def test_a_list_that_cannot_be_read_to_its_end_collects_nothing(desk: Desk, writer: Served) -> None:
    start(writer, 150)
    writer.double.script(Kind.LIST, None, *[Fault.ERROR_500] * 4)
    with pytest.raises(WriterError):
        collect(desk)
    assert desk.batches.page().total == 0


def test_a_page_of_the_list_whose_answer_is_lost_is_asked_for_again(desk: Desk, writer: Served) -> None:
    start(writer, 150)
    writer.double.script(Kind.LIST, None, *[Fault.ERROR_500] * 3)
    collect(desk)
    [summary] = desk.batches.page().batches
    assert summary.counts.total == 150
