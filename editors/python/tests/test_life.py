"""The life of a sidecar: restarts, unknown outcomes, the end, threads, forks and several keys."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from conftest import World, kill

from plugin_vault import Sidecar, VaultError


def stop(vault: Any) -> int:
    """Stops the sidecar, so that calls stay unanswered. The system stops one thread after another."""
    pid: int = vault.sidecar.pid
    os.kill(pid, signal.SIGSTOP)
    threads = Path(f"/proc/{pid}/task")
    when(lambda: all(") T " in (thread / "stat").read_text() for thread in threads.iterdir()))
    return pid


def when(condition: Any) -> None:
    """Waits for something that another process does."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_an_unanswered_write_is_unknown_and_an_unanswered_read_is_repeated(world: World) -> None:
    vault = world.vault()
    vault.set("user", {"n": 1})
    stop(vault)
    with ThreadPoolExecutor() as threads:
        write = threads.submit(vault.set, "user", {"n": 2})
        read = threads.submit(vault.get, "user")
        process = vault.sidecar._process
        when(lambda: len(process._waiting) == 2)
        kill(vault.sidecar)
        assert read.result(30) in ({"n": 1}, {"n": 2})
        with pytest.raises(VaultError, match="Read before you write again") as error:
            write.result(30)
    assert error.value.kind == "outcomeUnknown"


def test_after_five_ends_within_a_minute_it_waits(world: World, monkeypatch: Any) -> None:
    vault = world.vault()
    for _ in range(5):
        vault.get("user")
        kill(vault.sidecar)
    with pytest.raises(VaultError, match="ended 5 times within a minute") as error:
        vault.get("user")
    assert error.value.kind == "vaultEnded"
    assert error.value.retryable
    monkeypatch.setattr("plugin_vault._sidecar.MINUTE", 0.0)
    assert vault.get("user") is None


def test_a_locked_store_is_opened_and_unlocked(world: World) -> None:
    vault = world.vault()
    vault.set("user", {"n": 1})
    vault.close()
    passphrase = world.lock()
    status = threading.Event()
    sidecar = Sidecar(**world.options, on_status=lambda now: status.set() if now["keyAvailable"] else None)
    vault = world.vault(sidecar=sidecar).open()
    for call in (lambda: vault.get("user"), lambda: vault.lease("x").acquire()):
        with pytest.raises(VaultError) as error:
            call()
        assert (error.value.kind, error.value.data["reason"], error.value.retryable) == ("keyUnavailable", "locked", True)
    assert vault.status()["keyAvailable"] is False
    with pytest.raises(VaultError) as error:
        vault.unlock(passphrase=world.word())
    assert error.value.data["reason"] == "wrong"
    assert vault.unlock(passphrase=passphrase, timeout=30) is True
    assert vault.get("user") == {"n": 1}
    assert status.wait(30)
    sidecar.close()


def test_a_store_with_a_key_file_alone_is_not_locked(world: World) -> None:
    vault = world.vault()
    vault.set("user", {"n": 1})
    assert vault.lock() == {"locked": False, "reason": "keyFile"}


def test_close_ends_the_process_and_earlier_calls_are_answered(world: World) -> None:
    async def main() -> None:
        vault = world.async_vault()
        calls = [asyncio.ensure_future(vault.set("user", {"n": n})) for n in range(20)]
        await asyncio.sleep(0)
        await vault.close()
        assert all(answer["revision"] for answer in await asyncio.gather(*calls))
        with pytest.raises(VaultError) as error:
            await vault.get("user")
        assert error.value.kind == "closed"
        assert vault.sidecar.pid is None

    asyncio.run(main())
    assert world.vault().get("user") == {"n": 19}


def test_a_program_that_does_not_close_its_vault_leaves_no_process(world: World) -> None:
    script = (
        "import os, sys; from plugin_vault import Vault;"
        f"vault = Vault(plugin='me.notes', data_dir={str(world.top / 'data')!r}, key_dir={str(world.top / 'keys')!r});"
        "vault.set('user', {'n': 1}); watch = vault.watch(); print(vault.sidecar.pid, flush=True);"
    )
    for end in ("", "sys.exit(3)", "os._exit(3)", "os.kill(os.getpid(), 9)"):
        completed = subprocess.run([sys.executable, "-c", script + end], capture_output=True, text=True)
        assert completed.stderr == ""
        assert int(completed.stdout) > 0
        when(lambda: world.processes() == [])


def test_many_threads_share_a_vault(world: World) -> None:
    vault = world.vault()

    def count(_: int) -> None:
        vault.update("user", lambda data: {"n": data.get("n", 0) + 1})

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(count, range(40)))
    assert vault.get("user") == {"n": 40}
    assert len(world.processes()) == 1


def test_a_child_process_has_a_sidecar_of_its_own(world: World) -> None:
    vault = world.vault()
    vault.set("user", {"by": "parent"})
    child = os.fork()
    if child == 0:
        code = 1
        signal.alarm(60)
        try:
            vault.set("user", {"by": "child"})
            vault.close()
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert vault.get("user") == {"by": "child"}
    assert len(world.processes()) == 1


def test_several_keys_share_a_process(world: World) -> None:
    sidecar = Sidecar(**world.options)
    one, other = (world.vault(plugin=world.word(), sidecar=sidecar) for _ in range(2))
    one.set("user", {"whose": "one"})
    assert other.get("user") is None
    assert len(world.processes()) == 1
    watch = one.watch()
    one.close()
    assert list(watch) == []
    with pytest.raises(VaultError, match="closed"):
        one.get("user")
    kill(sidecar)
    assert other.get("user") is None
    sidecar.close()
    with pytest.raises(VaultError, match="closed"):
        other.get("user")


def test_a_watch_goes_on_for_each_of_its_readers(world: World) -> None:
    watching, writing = world.vault(), world.vault()
    first = watching.watch()
    one = writing.set("user", {"n": 1})["revision"]
    second = watching.watch(since=first.revision)
    kill(watching.sidecar)
    two = writing.set("user", {"n": 2})["revision"]
    for watch in (first, second):
        assert [next(watch)["revision"] for _ in range(2)] == [one, two]
        assert watch.revision == two
    first.close()
    assert list(first) == []
    writing.delete("user")
    assert next(second)["deleted"] is True


def test_update_changes_the_newest_data_and_keeps_the_expiry(world: World) -> None:
    vault, other = world.vault(), world.vault()
    soon = datetime.now(timezone.utc) + timedelta(days=1)
    vault.set("user", {"n": 1}, expires_at=soon)
    seen = []

    def change(data: Any) -> None:
        if not seen:
            other.patch("user", {"m": 1})
        seen.append(dict(data))
        data["n"] += 1

    assert vault.update("user", change) == {"n": 2, "m": 1}
    assert seen == [{"n": 1}, {"n": 1, "m": 1}]
    record = vault.get_record("user")
    assert record is not None
    assert datetime.fromisoformat(record["expiresAt"].replace("Z", "+00:00")) - soon < timedelta(seconds=1)
    assert vault.update("user", lambda data: data) == {"n": 2, "m": 1}
    assert vault.get_record("user") == record
    assert vault.update("user", lambda data: None, name="never stored") == {}
    assert vault.get("user", name="never stored") is None


def test_a_lease_is_renewed_during_the_block_and_released_after_it(world: World) -> None:
    vault, other = world.vault(), world.vault()
    other.get("user")
    with vault.lease("x", ttl=1.5) as lease:
        with pytest.raises(VaultError) as error:
            other.lease("x", wait=2).acquire()
        assert error.value.kind == "leaseHeld"
        vault.set("user", {"n": 1}, lease=lease.token)
        assert not lease.lost
    with other.lease("x", wait=0) as again:
        assert again.token > lease.token
        kill(other.sidecar)
        with pytest.raises(VaultError, match="lease"):
            other.set("user", {"n": 2}, lease=again.token)


def test_a_lost_lease_is_noticed(world: World) -> None:
    vault = world.vault()
    with vault.lease("x", ttl=0.3) as lease:
        kill(vault.sidecar)
        when(lambda: lease.lost)


def test_values_that_json_does_not_have_are_refused_before_they_are_sent(world: World) -> None:
    vault = world.vault()
    for number in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="not JSON compliant"):
            vault.set("user", {"n": number})
    with pytest.raises(TypeError):
        vault.set("user", {"n": object()})
    with pytest.raises(ValueError, match="time zone"):
        vault.set("user", {}, expires_at=datetime(2030, 1, 1))
    half = {"half": "\ud800", "ü": "漢"}
    vault.set("user", half)
    assert vault.get("user") == half


def test_an_answer_with_id_null_changes_nothing(world: World) -> None:
    vault = world.vault()
    vault.get("user")
    process = vault.sidecar._process
    assert process is not None
    process._write("not JSON")
    assert vault.get("user") is None
    assert vault.sidecar.pid == process.pid


def test_an_interrupt_cancels_the_call(world: World) -> None:
    holder, waiting = world.vault(), world.vault()
    with holder.lease("x"):
        waiting.get("user")
        calls = waiting.sidecar._process._waiting  # type: ignore[union-attr]

        def interrupt() -> None:
            when(lambda: len(calls) == 1)
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

        signal.signal(signal.SIGINT, signal.default_int_handler)
        threading.Thread(target=interrupt).start()
        with pytest.raises(KeyboardInterrupt):
            waiting.acquire_lease("x", ttl=60, wait=60)
        when(lambda: len(calls) == 0)


def test_a_cancelled_task_reports_the_true_outcome(world: World) -> None:
    async def main() -> None:
        async with world.async_vault() as vault, world.async_vault() as other:
            async with other.lease("x"):
                task = asyncio.ensure_future(vault.acquire_lease("x", ttl=60, wait=60))
                await asyncio.sleep(0)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            write = asyncio.ensure_future(vault.set("user", {"n": 1}))
            await asyncio.sleep(0)
            assert await vault.get("user") == {"n": 1}
            write.cancel()
            assert (await write)["revision"] > 0

    asyncio.run(main())


def test_closing_waits_for_tokens_that_the_server_has_given(world: World) -> None:
    vault = world.vault()
    asked, answer = threading.Event(), threading.Event()

    def refresh(spent: Any) -> Any:
        asked.set()
        answer.wait(30)
        return {"accessToken": "a2", "refreshToken": "r2"}

    tokens = vault.tokens("oauth", refresh)
    tokens.set({"accessToken": "a1", "refreshToken": "r1"})
    with ThreadPoolExecutor() as threads:
        getting = threads.submit(tokens.get)
        assert asked.wait(30)
        closing = threads.submit(vault.close)
        answer.set()
        assert getting.result(30)["accessToken"] == "a2"
        closing.result(30)
    assert world.vault().get("user", name="oauth") == {"accessToken": "a2", "refreshToken": "r2"}


def test_nothing_secret_is_logged(world: World, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    vault = world.vault()
    vault.set("user", {"token": world.word()}, name=world.word())
    with pytest.raises(VaultError) as error:
        vault.set("user", {"token": world.word()}, name=world.words[-1], if_revision=7)
    kill(vault.sidecar)
    vault.get("user")
    said = caplog.text + repr(error.value) + str(error.value.data)
    assert not any(word in said for word in world.words)


def test_a_vault_needs_one_kind_of_key(world: World) -> None:
    for key in ({"plugin": None}, {"api_key": "0" * 40, "plugin": "me.notes"}):
        with pytest.raises(TypeError, match="either `plugin` or `api_key`"):
            world.vault(**key)
