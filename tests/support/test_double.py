"""The double itself: it behaves as told, and its books are right."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contract import check_answer
from tests.support.double import (
    AGENT_ID,
    Double,
    Fault,
    FaultyTransport,
    Kind,
    Options,
    Order,
    Overload,
    Served,
    asgi_app,
    is_for,
)
from tests.support.double.books import most_in
from tests.support.virtual_time import VirtualClock, run_virtual

ROOT = Path(__file__).parents[2]
JOBS = f"/v1/applications/{AGENT_ID}/jobs"


class Client:
    """Asks a double in process; every answer that is one is held against the contract."""

    def __init__(self, options: Options) -> None:
        self.clock = VirtualClock()
        self.double = Double(options, self.clock)
        self.http = httpx.AsyncClient(transport=FaultyTransport(self.double), base_url="http://double", timeout=60)

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        response = await self.http.request(method, path, headers={"Authorization": "Bearer ours"}, **more)
        check_answer(response)
        return response

    async def create(self, text: str) -> str:
        body = (await self.ask("POST", JOBS, json={"inputs": [{"id": "Text", "value": [text]}]})).json()
        return str(body["id"])

    async def job(self, job_id: str) -> dict[str, Any]:
        answer: dict[str, Any] = (await self.ask("GET", f"/v1/applications/jobs/{job_id}")).json()
        return answer

    async def listed(self, **params: int) -> list[str]:
        return [job["id"] for job in (await self.ask("GET", JOBS, params=params)).json()["result"]]


def play(main: Callable[[Client], Awaitable[None]], **options: Any) -> Client:
    """Do that with a double of those options, in virtual time."""
    clients: list[Client] = []

    async def whole() -> None:
        clients.append(Client(Options(**options)))
        await main(clients[0])
        await clients[0].http.aclose()

    run_virtual(whole())
    return clients[0]


def test_a_job_runs_its_time_and_gives_a_suggestion_for_its_own_row() -> None:
    async def main(client: Client) -> None:
        job_id = await client.create("row 1")
        await client.clock.sleep(2.9)
        assert (await client.job(job_id))["status"] == "in_progress"
        await client.clock.sleep(0.2)
        suggestion = (await client.job(job_id))["data"]["suggestion"]
        assert is_for(suggestion, "row 1")
        assert not is_for(suggestion, "row")
        assert not is_for(suggestion, "ow 1")

    books = play(main, duration=3.0).double.books
    assert books.created == {"row 1": 1}
    assert [entry.kind for entry in books.requests] == [Kind.CREATE, Kind.JOB, Kind.JOB]


@pytest.mark.parametrize("new_id", [False, True])
def test_a_row_fails_as_often_as_set_and_is_retried_under_the_same_id_or_a_new_one(new_id: bool) -> None:
    async def main(client: Client) -> None:
        ids = [await client.create("row")]
        for words in ("first", "then", "then"):
            await client.clock.sleep(4)
            assert (await client.job(ids[-1]))["error"] == words
            ids.append((await client.ask("POST", f"/v1/applications/jobs/{ids[-1]}/retry")).json()["id"])
        await client.clock.sleep(4)
        assert (await client.job(ids[-1]))["status"] == "completed"
        assert len(set(ids)) == (4 if new_id else 1)
        again = await client.http.post(f"/v1/applications/jobs/{ids[-1]}/retry")
        assert again.status_code == 400

    client = play(main, fail_share=1, failing_attempts=3, fail_words=("first", "then"), retry_gives_new_id=new_id)
    assert (client.double.books.created["row"], client.double.books.retried["row"]) == (1, 3)


def test_the_share_that_fails_depends_on_the_row_alone() -> None:
    async def main(client: Client) -> None:
        for number in range(400):
            await client.create(f"row {number}")

    def failed(seed: int) -> set[str]:
        return {job.text for job in play(main, fail_share=0.25, seed=seed).double.jobs.values() if job.words}

    assert failed(1) == failed(1) != failed(2)
    assert 60 < len(failed(1)) < 140


@pytest.mark.parametrize("order", [Order.NEWEST, Order.OLDEST, Order.RANDOM])
def test_paging_gives_every_job_once_in_the_order_set(order: Order) -> None:
    async def main(client: Client) -> None:
        made = []
        for number in range(120):
            made.append(await client.create(str(number)))
            await client.clock.sleep(1)
        seen: list[str] = []
        while page := await client.listed(offset=len(seen), limit=100):
            assert len(page) <= 50
            seen += page
        assert sorted(seen) == sorted(made)
        assert (seen == made) is (order is Order.OLDEST)
        assert (seen[::-1] == made) is (order is Order.NEWEST)

    play(main, order=order, page_cap=50)


def test_a_shuffled_list_cannot_be_paged_through() -> None:
    async def main(client: Client) -> None:
        for number in range(100):
            await client.create(str(number))
        pages = [await client.listed(offset=offset, limit=50) for offset in (0, 50)]
        assert [len(set(page)) for page in pages] == [50, 50]
        assert len({*pages[0], *pages[1]}) < 100

    play(main, order=Order.SHUFFLED)


def test_the_list_lags_and_may_leave_out_how_long_it_is() -> None:
    async def main(client: Client) -> None:
        job_id = await client.create("row")
        await client.clock.sleep(9.9)
        assert (await client.http.get(JOBS)).json() == {"result": []}
        await client.clock.sleep(0.2)
        assert [job["id"] for job in (await client.http.get(JOBS)).json()["result"]] == [job_id]

    play(main, lag=10, total_count=False, pagination=False)


def test_strangers_start_jobs_steadily() -> None:
    async def main(client: Client) -> None:
        await client.listed()
        await client.clock.sleep(60.01)
        assert (await client.ask("GET", JOBS)).json()["totalCount"] == 30
        times = [job["created_at"] for job in (await client.ask("GET", JOBS)).json()["result"]]
        assert times == sorted(times, reverse=True)

    assert play(main, strangers_per_minute=30).double.books.created == {}


@pytest.mark.parametrize("fault", list(Fault))
def test_each_fault_has_its_effect_or_none_and_shows_as_itself(fault: Fault) -> None:
    shown: list[object] = []

    async def main(client: Client) -> None:
        client.double.script(Kind.CREATE, fault)
        try:
            response = await client.http.post(JOBS, json={"inputs": [{"id": "Text", "value": ["row"]}]})
            shown.append(response.status_code)
        except httpx.TransportError as error:
            shown.append(type(error))

    client = play(main)
    expected = {
        Fault.REFUSED: httpx.ConnectError,
        Fault.RESET_BEFORE: httpx.ReadError,
        Fault.RESET_AFTER: httpx.ReadError,
        Fault.SILENT: httpx.ReadTimeout,
        Fault.SLOW: 202,
        Fault.ERROR_500: 500,
        Fault.ERROR_500_AFTER: 500,
        Fault.HTML_503: 503,
        Fault.GATEWAY_504: 504,
        Fault.PAYMENT: 402,
        Fault.LIMIT: 429,
        Fault.LIMIT_UNTIL: 429,
    }
    assert shown == [expected[fault]]
    assert client.double.books.created["row"] == fault.had_effect
    assert client.double.books.asked("row") == 1


def test_faults_happen_as_often_as_set_and_only_to_the_kinds_set() -> None:
    async def main(client: Client) -> None:
        for number in range(500):
            await client.http.post(JOBS, json={"inputs": [{"id": "Text", "value": [str(number)]}]})
            await client.listed(limit=1)

    books = play(main, faults={Fault.ERROR_500: {Kind.CREATE: 0.2}, Fault.HTML_503: 0.0}).double.books
    assert 60 < books.statuses(Kind.CREATE)[500] < 140
    assert books.statuses(Kind.LIST) == {200: 500}


def test_an_effect_may_come_later_than_the_loss_of_the_answer() -> None:
    async def main(client: Client) -> None:
        client.double.script(Kind.CREATE, Fault.RESET_AFTER)
        with pytest.raises(httpx.ReadError):
            await client.create("row")
        assert client.double.books.created == {}
        await client.clock.sleep(9)
        assert await client.listed() == []
        await client.clock.sleep(2)
        assert len(await client.listed()) == 1

    assert play(main, effect_delay=10.0).double.books.created == {"row": 1}


def test_late_effects_and_strangers_jobs_are_listed_in_the_order_of_their_creation() -> None:
    async def main(client: Client) -> None:
        for number in range(20):
            client.double.script(Kind.CREATE, Fault.RESET_AFTER)
            with pytest.raises(httpx.ReadError):
                await client.create(str(number))
        await client.clock.sleep(60)
        times = [job["created_at"] for job in (await client.ask("GET", JOBS)).json()["result"]]
        assert len(times) > 40
        assert times == sorted(times, reverse=True)

    play(main, effect_delay=(0.0, 50.0), strangers_per_minute=30)


def test_a_request_that_the_client_gives_up_has_its_effect_all_the_same() -> None:
    async def main(client: Client) -> None:
        with pytest.raises(httpx.ReadTimeout):
            await client.http.post(JOBS, json={"inputs": [{"id": "Text", "value": ["row"]}]}, timeout=5)
        assert client.double.books.created == {}
        await client.clock.sleep(6)

    assert play(main, effect_delay=10.0).double.books.created == {"row": 1}


@pytest.mark.parametrize(
    ("style", "expected"), [(None, None), ("seconds", "30"), ("date", "Fri, 15 Jan 2027 08:01:00 GMT")]
)
def test_the_limit_on_requests_slides_and_says_how_long_to_wait(style: str | None, expected: str | None) -> None:
    async def main(client: Client) -> None:
        for _ in range(9):
            assert (await client.http.get(JOBS)).status_code == 200
        await client.clock.sleep(30)
        assert (await client.http.get(JOBS)).status_code == 200
        refused = await client.http.get(JOBS)
        assert (refused.status_code, refused.headers.get("Retry-After")) == (429, expected)
        await client.clock.sleep(30)
        assert [(await client.http.get(JOBS)).status_code for _ in range(10)] == [200] * 9 + [429]

    play(main, rpm=20, other_share=0.5, retry_after=style)


@pytest.mark.parametrize("overload", list(Overload))
def test_jobs_beyond_the_limit_on_tokens_are_refused_or_fail(overload: Overload) -> None:
    seen: Counter[object] = Counter()

    async def main(client: Client) -> None:
        for number in range(5):
            answer = await client.http.post(JOBS, json={"inputs": [{"id": "Text", "value": [str(number)]}]})
            seen[answer.status_code] += 1
        await client.clock.sleep(4)
        seen.update(job.get("error") for job in (await client.ask("GET", JOBS)).json()["result"])

    play(main, tokens_per_minute=1500, overload=overload, capacity_words="too much")
    assert seen == ({202: 3, 429: 2, None: 3} if overload is Overload.REFUSE else {202: 5, None: 3, "too much": 2})


def test_jobs_of_strangers_take_tokens_where_they_should() -> None:
    async def main(client: Client) -> None:
        seen = []
        for number in range(18):
            await client.clock.sleep(10)
            answer = await client.http.post(JOBS, json={"inputs": [{"id": "Text", "value": [str(number)]}]})
            seen.append(answer.status_code)
        # two of six in a minute are theirs, from the first request on
        assert Counter(seen[6:]) == {202: 8, 429: 4}
        assert len(client.double.jobs) == 18 - Counter(seen)[429] + 5

    play(main, tokens_per_minute=3000, strangers_per_minute=2.0, strangers_take_tokens=True)


def test_agents_keys_and_jobs_change_at_run_time() -> None:
    async def main(client: Client) -> None:
        job_id, http, double = await client.create("row"), client.http, client.double
        double.options.key_refused = 401
        assert (await http.get(JOBS)).status_code == 401
        double.options.key_refused, double.options.offline = None, True
        with pytest.raises(httpx.ConnectError):
            await http.get(JOBS)
        double.options.offline = False
        double.remove_agent()
        assert [(await http.get(path)).status_code for path in (JOBS, f"/v1/applications/{AGENT_ID}")] == [404, 404]
        assert (await client.job(job_id))["id"] == job_id
        double.forget(job_id)
        assert (await http.get(f"/v1/applications/jobs/{job_id}")).status_code == 404
        double.add_agent(AGENT_ID, "Echo", [{"name": "Topic", "input_type": "text", "required": True}])
        refused = await http.post(JOBS, json={"inputs": [{"id": "Text", "value": ["row"]}]})
        assert "'Text'" in refused.json()["errors"][0]["description"]
        assert [agent["name"] for agent in (await client.ask("GET", "/v1/applications")).json()["data"]] == ["Echo"]

    play(main)


def test_writers_clock_may_differ_from_ours() -> None:
    async def main(client: Client) -> None:
        response = await client.ask("GET", JOBS)
        assert response.headers["Date"] == "Fri, 15 Jan 2027 09:00:00 GMT"

    play(main, skew=3600.0)


def test_the_most_requests_in_a_minute_are_counted_wherever_the_minute_begins() -> None:
    assert most_in([0, 59.9, 60, 60.1, 119.8], 60) == 4
    assert most_in([0, 60, 120], 60) == 1
    assert most_in([], 60) == 0


def test_requests_of_others_are_not_in_our_count() -> None:
    async def main(client: Client) -> None:
        theirs = {"Authorization": "Bearer theirs"}
        await client.http.post(JOBS, headers=theirs, json={"inputs": [{"id": "Text", "value": ["row"]}]})
        await client.listed()

    books = play(main, names={"theirs": "them"}).double.books
    assert (books.most_in(), books.most_in(who="them"), books.most_at_once) == (1, 1, 1)
    assert books.created == {}


async def test_it_is_an_asgi_application_that_raises_what_a_broken_connection_would() -> None:
    double = Double()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(asgi_app(double)), base_url="http://double") as http:
        check_answer(await http.post(JOBS, json={"inputs": [{"id": "Text", "value": ["row"]}]}))
        double.script(Kind.LIST, Fault.RESET_AFTER)
        with pytest.raises(httpx.ReadError):
            await http.get(JOBS)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.RESET_AFTER, httpx.ReadError),
        (Fault.RESET_BEFORE, httpx.ReadError),
        (Fault.SILENT, httpx.ReadTimeout),
        (None, None),
    ],
)
def test_over_http_connections_really_break(fault: Fault | None, expected: type[Exception] | None) -> None:
    with Served(Double()) as served, httpx.Client(base_url=served.url, timeout=0.5) as http:
        served.double.script(Kind.CREATE, fault)
        try:
            check_answer(http.post(JOBS, json={"inputs": [{"id": "Text", "value": ["row"]}]}))
            seen = None
        except httpx.TransportError as error:
            seen = type(error)
        assert seen is expected
        assert served.double.books.created["row"] == (fault is not Fault.RESET_BEFORE)
        assert len(http.get("/books").json()["requests"]) == 1


def test_it_serves_as_a_process() -> None:
    command = [sys.executable, "-m", "tests.support.double", "--port", "0", "--duration", "0-0.1", "--fault", "limit=1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            assert httpx.get(url + JOBS).status_code == 429
        finally:
            process.kill()


def test_it_is_fast_with_a_hundred_thousand_jobs() -> None:
    async def main(client: Client) -> None:
        client.double.stranger(100_000)
        began = time.perf_counter()
        for number in range(500):
            await client.http.post(JOBS, json={"inputs": [{"id": "Text", "value": [str(number)]}]})
        created = time.perf_counter() - began
        for offset in range(50):
            await client.http.get(JOBS, params={"offset": offset * 2000, "limit": 100})
        listed = time.perf_counter() - began - created
        # several thousand jobs and several hundred pages a second on an idle machine
        assert created < 2.5
        assert listed < 2.5

    play(main)
