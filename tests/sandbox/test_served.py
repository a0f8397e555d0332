"""The sandbox over HTTP: with the official SDK, and across a kill."""

import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep

import httpx
import pytest
from writerai import APIStatusError, Writer
from writerai.types import File
from writerai.types.applications.application_generate_async_response import ApplicationGenerateAsyncResponse
from writerai.types.applications.job_create_params import Input

from services.writer.disposition import attachment
from tests.contract import check_answer

PRODUCT = "6f1d2c84-0b7e-4c55-9a43-1de0a7c2f951"
ALT_TEXT = "d0574b96-e3a8-4d21-b6f7-25c98e1b03a4"
SUMMARY = "2ac97f35-816b-4e0d-a5d8-f41b60e7c893"
SOCIAL = "b83a4e1f-52d9-4f06-8c1b-7e94d3560ad2"
POST: list[Input] = [{"id": "Product", "value": ["Linden Café Mug"]}, {"id": "Channel", "value": ["LinkedIn"]}]
ROOT = Path(__file__).parents[2]

Serve = Callable[..., tuple[str, "subprocess.Popen[str]"]]


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "services.sandbox", *options]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Serve a sandbox on a free port and on the test's file; gives its address and its process."""
    started: list[subprocess.Popen[str]] = []

    def start(*options: str) -> tuple[str, "subprocess.Popen[str]"]:
        whole = command("--port", "0", "--database", str(tmp_path / "sandbox.db"), *options)
        process = subprocess.Popen(whole, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
        started.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.fullmatch(
            r"Sandbox listening on (http://127\.0\.0\.1:\d+), keeping its jobs in .*sandbox\.db\n", line
        )
        assert found, line
        return found[1], process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def sdk(address: str) -> Writer:
    return Writer(api_key="any", base_url=address, max_retries=0, _strict_response_validation=True)


def finished(client: Writer, job_id: str) -> ApplicationGenerateAsyncResponse:
    end = monotonic() + 5
    while (job := client.applications.jobs.retrieve(job_id)).status == "in_progress":
        assert monotonic() < end
        sleep(0.02)
    return job


def test_the_official_sdk_lists_and_retrieves_agents(serve: Serve) -> None:
    address, _ = serve("--page-cap", "3")
    with sdk(address) as client:
        listed = list(client.applications.list())
        assert [agent.name for agent in listed] == [
            "Product description",
            "Social post",
            "Image alt text",
            "Brief summary",
        ]
        agent = client.applications.retrieve(PRODUCT)
        assert agent.to_dict() == listed[0].to_dict()
        assert [each.name for each in agent.inputs] == ["Product name", "Tone", "Key features"]


def test_the_official_sdk_creates_lists_retrieves_and_retries_jobs(serve: Serve) -> None:
    address, _ = serve("--fail-rate", "1", "--slow-rate", "0", "--job-seconds", "0.1", "0.1", "--page-cap", "2")
    with sdk(address) as client:
        jobs = client.applications.jobs
        first, *others = [jobs.create(SOCIAL, inputs=POST).id for _ in range(3)]
        failed = finished(client, first)
        assert (failed.id, failed.application_id, failed.status, failed.data) == (first, SOCIAL, "failed", None)
        assert failed.error
        retried = jobs.retry(first)
        assert (retried.id, retried.status, retried.created_at) == (first, "in_progress", failed.created_at)
        done = finished(client, first)
        assert done.data is not None
        assert (done.status, "Linden Café Mug" in done.data.suggestion) == ("completed", True)
        page = jobs.list(SOCIAL).pagination
        assert (page and page.limit, page and page.offset) == (2, 0)
        assert [job.id for job in jobs.list(SOCIAL)] == [*others[::-1], first]
        assert {job.id for job in jobs.list(SOCIAL, status="completed")} >= {first}


def processed(client: Writer, file_id: str) -> File:
    end = monotonic() + 5
    while (file := client.files.retrieve(file_id)).status == "in_progress":
        assert monotonic() < end
        sleep(0.02)
    return file


def test_the_official_sdk_uploads_lists_retries_and_deletes_files(serve: Serve) -> None:
    address, _ = serve("--file-seconds", "0.1", "--page-cap", "3")
    with sdk(address) as client:
        graph = client.graphs.create(name="Briefs", description="What we were asked for")
        file, flaky = [
            client.files.upload(
                content=b"words",
                content_disposition=attachment(name),
                content_type="application/pdf",
                graph_id=graph.id,
            )
            for name in ("café brief.pdf", "flaky brief.pdf")
        ]
        assert (file.name, file.graph_ids, file.status) == ("café brief.pdf", [], "in_progress")
        assert processed(client, file.id).to_dict() == {
            **file.to_dict(),
            "graph_ids": [graph.id],
            "status": "completed",
        }
        assert processed(client, flaky.id).status == "failed"
        assert [each.id for each in client.files.list(graph_id=graph.id, limit=1)] == [flaky.id, file.id]
        assert [each.id for each in client.files.list(graph_id=graph.id, status="failed")] == [flaky.id]
        assert client.files.retry(file_ids=[flaky.id]).success is True
        assert processed(client, flaky.id).status == "completed"
        deleted = client.files.delete(flaky.id)
        assert (deleted.id, deleted.deleted) == (flaky.id, True)
        assert len(list(client.files.list())) == 8


def test_the_official_sdk_creates_fills_and_lists_graphs(serve: Serve) -> None:
    address, _ = serve("--file-seconds", "0", "--page-cap", "2")
    with sdk(address) as client:
        created = client.graphs.create(name="Briefs")
        file = client.files.upload(content=b"words", content_disposition=attachment("a.txt"), content_type="text/plain")
        assert client.graphs.add_file_to_graph(created.id, file_id=file.id).graph_ids == [created.id]
        graph = client.graphs.retrieve(created.id)
        assert (graph.name, graph.type, graph.created_at) == ("Briefs", "manual", created.created_at)
        assert (graph.file_status.completed, graph.file_status.total) == (1, 1)
        removed = client.graphs.remove_file_from_graph(file.id, graph_id=created.id)
        assert (removed.id, removed.deleted) == (file.id, True)
        listed = {each.name: each.file_status.total for each in client.graphs.list()}
        assert listed == {"Briefs": 0, "Product catalog": 4, "Brand book": 3}


def test_the_official_sdk_sees_and_sets_the_graphs_of_agents(serve: Serve) -> None:
    address, _ = serve()
    with sdk(address) as client:
        catalog, brand_book = [each.id for each in client.graphs.list()]
        graphs = client.applications.graphs
        assert graphs.list(PRODUCT).graph_ids == [brand_book]
        assert graphs.update(PRODUCT, graph_ids=[catalog, brand_book]).graph_ids == [catalog, brand_book]
        assert graphs.list(PRODUCT).graph_ids == [catalog, brand_book]
        with pytest.raises(APIStatusError, match="Only agents with chat capabilities"):
            graphs.update(SUMMARY, graph_ids=[catalog])


def test_the_official_sdk_runs_an_agent_on_files(serve: Serve) -> None:
    address, _ = serve("--file-seconds", "0", "--job-seconds", "0", "0", "--fail-rate", "0", "--slow-rate", "0")
    with sdk(address) as client:
        file = client.files.upload(
            content=b"pixels", content_disposition=attachment("blue-mug-01.jpg"), content_type="image/jpeg"
        )
        image: list[Input] = [{"id": "Image", "value": [file.id]}]
        job = finished(client, client.applications.jobs.create(ALT_TEXT, inputs=image).id)
        assert job.data is not None
        assert job.data.title == "Alt text: Blue mug"
        client.files.delete(file.id)
        with pytest.raises(APIStatusError, match="exist or was deleted"):
            client.applications.jobs.create(ALT_TEXT, inputs=image)


def test_an_upload_that_is_cut_off_leaves_nothing_behind(serve: Serve) -> None:
    address, process = serve()
    host, _, port = address.removeprefix("http://").partition(":")
    headers = ("Host: sandbox", "Authorization: Bearer any", "Content-Type: text/plain", "Content-Length: 999999")
    head = "\r\n".join(("POST /v1/files HTTP/1.1", *headers, f"Content-Disposition: {attachment('a.txt')}", "", ""))
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head.encode() + b"x" * 100_000)
    with sdk(address) as client:
        assert "a.txt" not in {file.name for file in client.files.list()}
    process.terminate()
    assert process.communicate()[1] == ""


def test_the_official_sdk_understands_refusals(serve: Serve) -> None:
    address, _ = serve("--rpm", "1")
    with sdk(address) as client:
        with pytest.raises(APIStatusError) as refused:
            client.applications.jobs.create(SOCIAL, inputs=[])
        assert (refused.value.status_code, "Product" in str(refused.value)) == (400, True)
        with pytest.raises(APIStatusError) as limited:
            client.applications.retrieve(SOCIAL)
        assert (limited.value.status_code, limited.value.response.headers["retry-after"]) == (429, "60")


def test_after_kill_9_and_a_restart_the_jobs_are_there_and_finish(serve: Serve) -> None:
    options = ("--fail-rate", "0", "--slow-rate", "0", "--job-seconds", "0.8", "0.8")
    address, process = serve(*options)
    with sdk(address) as client:
        ids = [client.applications.jobs.create(SOCIAL, inputs=POST).id for _ in range(20)]
    process.kill()
    assert process.wait() == -9
    address, _ = serve(*options)
    with sdk(address) as client:
        assert [job.id for job in client.applications.jobs.list(SOCIAL)] == ids[::-1]
        jobs = [finished(client, job_id) for job_id in ids]
    assert {job.status for job in jobs} == {"completed"}
    took = {round((job.completed_at - job.created_at).total_seconds(), 3) for job in jobs if job.completed_at}
    assert took == {0.8}


def test_served_answers_keep_the_contract(serve: Serve) -> None:
    address, _ = serve("--latency", "0.05", "--tpm", "1")
    with httpx.Client(base_url=address, headers={"Authorization": "Bearer any"}) as client:
        jobs = f"/v1/applications/{SOCIAL}/jobs"
        answers = [client.post(jobs, json={"inputs": POST}), client.post(jobs, json={"inputs": POST}), client.get(jobs)]
    for answer in answers:
        check_answer(answer)
    assert [answer.status_code for answer in answers] == [202, 429, 200]
    assert min(answer.elapsed.total_seconds() for answer in answers) >= 0.05


@pytest.mark.parametrize("options", [["--fail-rate", "2"], ["--job-seconds", "3", "1"], ["--rpm", "many"]])
def test_options_that_make_no_sense_end_the_command_with_words(options: list[str]) -> None:
    ended = subprocess.run(command(*options), capture_output=True, text=True, cwd=ROOT, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.splitlines()[-1].startswith("python -m services.sandbox: error: ")
