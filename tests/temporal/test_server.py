"""The dev server starts, says why when it cannot, keeps what it knows, and leaves no orphan."""

import asyncio
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker

from temporal.server import DevServerError, dev_server, find_executable, free_port, is_port_free


@workflow.defn(sandboxed=False)
class Wait:
    """Waits for a second."""

    @workflow.run
    async def run(self) -> str:
        await workflow.sleep(timedelta(seconds=1))
        return "done"


async def test_what_it_knows_survives_a_crash(tmp_path: Path) -> None:
    async with dev_server(tmp_path / "temporal.db", headless=True) as server:
        client = await Client.connect(server.address)
        await client.start_workflow(Wait.run, id="wait", task_queue="queue")
        await server.kill()
    async with dev_server(tmp_path / "temporal.db", headless=True) as server:
        client = await Client.connect(server.address)
        async with Worker(client, task_queue="queue", workflows=[Wait]):
            assert await client.get_workflow_handle("wait").result() == "done"


async def test_a_taken_port_is_told(tmp_path: Path) -> None:
    async with dev_server(None, headless=True) as first:
        port = int(first.address.split(":")[1])
        assert not is_port_free(port)
        with pytest.raises(DevServerError, match=f"port {port} is taken"):
            async with dev_server(None, port, headless=True):
                pytest.fail("two servers on one port")


async def test_a_port_of_an_inner_service_that_another_took_is_chosen_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The server goes on after such an error, and ends with the stack trace of what that leads to.
    failing_once = tmp_path / "temporal"
    failing_once.write_text(
        "#!/bin/sh\n"
        f'[ -e {tmp_path}/failed ] && exec {find_executable()} "$@"\n'
        f"touch {tmp_path}/failed\n"
        'echo \'level=ERROR msg="Failed to start gRPC listener" error="listen tcp 127.0.0.1:1:'
        " bind: address already in use\"'\n"
        "seq 200\n"
        "exit 2\n"
    )
    failing_once.chmod(0o755)
    monkeypatch.setattr("temporal.server.find_executable", lambda: failing_once)
    port = free_port()
    async with dev_server(None, port, headless=True) as server:
        assert server.address == f"127.0.0.1:{port}"
        assert (tmp_path / "failed").exists()


async def test_a_server_that_cannot_start_says_the_cause_without_the_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = tmp_path / "temporal"
    failing.write_text("#!/bin/sh\necho 'Error: no disk'\nseq 200\nexit 2\n")
    failing.chmod(0o755)
    monkeypatch.setattr("temporal.server.find_executable", lambda: failing)
    with pytest.raises(DevServerError, match="ended with 2: Error: no disk") as caught:
        async with dev_server(None, headless=True):
            pytest.fail("it started")
    assert len(str(caught.value).splitlines()) < 10


@pytest.mark.skipif(sys.platform != "linux", reason="needs PR_SET_PDEATHSIG")
async def test_it_dies_with_its_parent(tmp_path: Path) -> None:
    port = free_port()
    script = (
        "import asyncio, sys\n"
        "from temporal.server import dev_server\n"
        "async def main():\n"
        "    async with dev_server(None, int(sys.argv[1]), headless=True) as server:\n"
        "        print(server.process.pid, flush=True)\n"
        "        await asyncio.Future()\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, str(port), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    os.kill(pid, 0)  # it lives
    parent.send_signal(signal.SIGKILL)
    await parent.wait()
    async with asyncio.timeout(30):
        while not is_port_free(port):
            await asyncio.sleep(0.05)
