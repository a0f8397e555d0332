"""The sandbox over HTTP: with the official SDK, and across a kill."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep

import httpx
import pytest
from writerai import APIStatusError, Writer
from writerai.types.applications.application_generate_async_response import ApplicationGenerateAsyncResponse
from writerai.types.applications.job_create_params import Input

from tests.contract import check_answer

PRODUCT = "6f1d2c84-0b7e-4c55-9a43-1de0a7c2f951"
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
        process = subprocess.Popen(whole, stdout=subprocess.PIPE, text=True, cwd=ROOT)
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


def test_the_official_sdk_uploads_lists_and_retrieves_files(serve: Serve) -> None:
    address, _ = serve()
    with sdk(address) as client:
        file = client.files.upload(
            content=b"words", content_disposition='attachment; filename="brief.txt"', content_type="text/plain"
        )
        assert file.name == "brief.txt"
        assert [each.id for each in client.files.list()] == [file.id]
        assert client.files.retrieve(file.id).created_at == file.created_at


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
