"""What tests of the connection and of keys tell, against servers that answer well, badly, or not at all."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.desk import Desk, connections
from services.models import ConnectionHealth, ConnectionState, ConnectionTest
from services.settings import load
from services.version import VERSION
from tests.support.fault_server import Fault, FaultServer, Reply, reply
from tests.support.server import free_port

KEY = "sk-in-use-0123456789"
OTHER_KEY = "sk-a-candidate-that+nobody/sees"
OpenDesk = Callable[..., Desk]


@pytest.fixture
def open_desk(tmp_path: Path) -> Iterator[OpenDesk]:
    """Opens and starts a desk with the given settings on a database of its own."""
    opened: list[Desk] = []

    def start(**given: str) -> Desk:
        given = {"DATABASE_URL": f"sqlite:///{tmp_path / 'copydesk.db'}", **given}
        opened.append(Desk(load(given, env_file=tmp_path / "none.env")))
        opened[-1].start()
        return opened[-1]

    yield start
    for desk in opened:
        if desk._engine._thread.is_alive():  # a test may have stopped it
            desk.stop()


def agents(*names: str, has_more: bool = False) -> bytes:
    data = [{"id": f"id of {name}", "name": name, "inputs": []} for name in names]
    return reply(200, {"data": data, "has_more": has_more, "last_id": data[-1]["id"] if data else None})


def refusal(status: int, words: str) -> bytes:
    return reply(status, {"tpe": "fail", "errors": [{"description": words, "key": "k"}], "extras": {}})


def all_bytes(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())


async def outcome(desk: Desk, key: str | None = None) -> ConnectionTest:
    """What the test of that key, or else of the connection in use, tells."""
    test = desk.connections.test() if key is None else desk.connections.test_key(key)
    return await asyncio.wrap_future(test)


async def test_the_connection_in_use_is_tested_within_the_rate_limit(open_desk: OpenDesk) -> None:
    async with FaultServer(agents("Tagline", "blurb", has_more=True), agents("Alt text")) as server:
        desk = open_desk(WRITER_API_KEY=KEY, WRITER_BASE_URL=server.url)
        test = await outcome(desk)
    assert (test.agents, test.requests, test.problem) == (("Alt text", "blurb", "Tagline"), 2, "")
    assert 0 < test.seconds < 10
    assert [request.headers["authorization"] for request in server.received] == [f"Bearer {KEY}"] * 2
    assert desk.load().last_minute == 2


async def test_what_a_test_of_the_connection_learns_holds_for_all_batches(open_desk: OpenDesk) -> None:
    async with FaultServer(refusal(401, "Token expired."), agents("Tagline")) as server:
        desk = open_desk(WRITER_API_KEY=KEY, WRITER_BASE_URL=server.url)
        refused = await outcome(desk)
        assert refused.problem == (
            "Writer refuses this key. Set WRITER_API_KEY to a valid key and restart Copydesk. "
            "Writer says: “Token expired.”"
        )
        assert desk.health().key_refused_at is not None
        assert (await outcome(desk)).problem == ""
        assert desk.health() == ConnectionHealth()


async def test_another_key_is_tested_apart_from_the_connection_in_use(open_desk: OpenDesk) -> None:
    async with FaultServer(agents("Tagline", has_more=True), agents("Blurb"), refusal(401, "No.")) as server:
        desk = open_desk(WRITER_BASE_URL=server.url)
        test = await outcome(desk, f" {OTHER_KEY}\n")
        assert (test.agents, test.requests, test.problem) == (("Blurb", "Tagline"), 2, "")
        assert (await outcome(desk, OTHER_KEY)).requests == 1
    assert [request.headers["authorization"] for request in server.received] == [f"Bearer {OTHER_KEY}"] * 3
    assert (desk.load().last_minute, desk.health()) == (0, ConnectionHealth())


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (
            refusal(401, "Invalid token."),
            "Writer refuses this key. Copy it again from Writer, or create a new one. Writer says: “Invalid token.”",
        ),
        (
            reply(403, b"<html>Forbidden</html>"),
            "{url} refuses this key and gives no reason. Copy it again from Writer, or create a new one.",
        ),
        (
            reply(429),
            "Writer's rate limit is reached. Try again in a minute.",
        ),
        (
            refusal(402, "Out of credit."),
            "Writer refuses requests until a quota is renewed or a balance is topped up. Writer says: Out of credit.",
        ),
        (refusal(400, "Odd."), "Writer refused the request: Odd."),
        (
            reply(404, b"Not found"),
            "{url} has no list of agents, so it may not be Writer's API. Check WRITER_BASE_URL.",
        ),
        (
            reply(200, b"<html>Welcome</html>"),
            "{url} answers, but not as Writer's API does. Check WRITER_BASE_URL.",
        ),
        (reply(200, {"agents": []}), "{url} answers, but not as Writer's API does. Check WRITER_BASE_URL."),
        (
            reply(302, headers={"Location": "https://example.com/login"}),
            "{url} redirects to another address, so it isn't Writer's API. Check WRITER_BASE_URL.",
        ),
        (
            refusal(503, "Down for maintenance."),
            "{url} answered with HTTP status 503. Try again in a minute. Writer says: “Down for maintenance.”",
        ),
        (
            Fault.RESET_READ,
            "{url} broke the connection before it answered. Check WRITER_BASE_URL, or try again in a minute.",
        ),
        (Fault.SILENCE, "{url} didn't answer within 0.6 seconds. Try again in a minute."),
    ],
)
async def test_a_failed_test_says_what_happened_and_what_to_do(
    open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch, answer: Reply, problem: str
) -> None:
    monkeypatch.setattr(connections, "TEST_TIMEOUT_S", 0.6 if answer is Fault.SILENCE else 20)
    async with FaultServer(answer) as server:
        test = await outcome(open_desk(WRITER_BASE_URL=server.url), OTHER_KEY)
    assert (test.problem, test.agents, test.requests) == (problem.format(url=server.url), (), 1)


async def test_a_server_that_cannot_be_reached_is_named(open_desk: OpenDesk) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    test = await outcome(open_desk(WRITER_BASE_URL=url.replace("//", "//me:secret@")), OTHER_KEY)
    why = "All connection attempts failed"
    assert test.problem == f"Can't connect to {url} ({why}). Check WRITER_BASE_URL and the network."


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        (" ", "Enter a key to test."),
        (
            "clé-0123456789",
            "This key contains characters that API keys don't have. Copy it again, without quotes or spaces.",
        ),
        (
            "two words",
            "This key contains characters that API keys don't have. Copy it again, without quotes or spaces.",
        ),
    ],
)
async def test_a_text_that_is_no_key_goes_nowhere(open_desk: OpenDesk, key: str, problem: str) -> None:
    test = await outcome(open_desk(WRITER_BASE_URL="http://127.0.0.1:9"), key)
    assert (test.problem, test.requests) == (problem, 0)


async def test_a_key_that_is_tested_is_neither_logged_nor_shown_nor_stored(
    open_desk: OpenDesk, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = refusal(401, f"The key {OTHER_KEY} is unknown.")
    async with FaultServer(echo, Fault.RESET_READ, agents(f"Agent of {OTHER_KEY}")) as server:
        desk = open_desk(WRITER_BASE_URL=server.url)
        tests = [await outcome(desk, OTHER_KEY) for _ in range(3)]
    assert OTHER_KEY not in repr(tests)
    assert "The key [API key] is unknown." in tests[0].problem
    assert OTHER_KEY not in caplog.text
    assert OTHER_KEY.encode() not in all_bytes(tmp_path)


async def test_a_desk_that_stops_cancels_a_test_that_is_running(open_desk: OpenDesk) -> None:
    async with FaultServer(Fault.SILENCE) as server:
        desk = open_desk(WRITER_BASE_URL=server.url)
        test = desk.connections.test_key(OTHER_KEY)
        await server.arrived.wait()
        await asyncio.to_thread(desk.stop)
        assert test.cancelled()


def test_the_state_has_nothing_secret(open_desk: OpenDesk, tmp_path: Path) -> None:
    live = open_desk(WRITER_API_KEY=KEY, WRITER_BASE_URL="https://me:secret@writer.example/api").connections.state()
    assert live == ConnectionState("https://writer.example/api", "…6789", live.database, VERSION)
    assert live.database.place == str(tmp_path / "copydesk.db")


def test_on_the_sandbox_the_state_names_the_server_that_keys_are_tested_at(open_desk: OpenDesk) -> None:
    state = open_desk().connections.state()
    assert (state.writer, state.key_hint) == ("https://api.writer.com", "")
