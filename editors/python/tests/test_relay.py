"""A store at the other end of `plugin-vault relay`: the key, the end of a connection, watches."""

from __future__ import annotations

import asyncio
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from conftest import Relay, World
from test_life import stop, when

from plugin_vault import AsyncVault, Sidecar, Vault, VaultError


def connect(world: World, relay: Relay, **changes: Any) -> Vault:
    """A client that knows the socket, and no store."""
    return world.vault(sidecar=Sidecar(connect=relay.socket), **{"installation": "remote", **changes})


def test_a_client_of_a_relay_has_the_data_of_the_plugin_on_the_user_s_own_machine(world: World) -> None:
    local = world.vault()
    local.set("user", {"n": 1})
    with Relay(world) as relay:
        remote = connect(world, relay)
        assert remote.get("user") == {"n": 1}
        remote.set("user", {"n": 2})
        assert local.get("user") == {"n": 2}
        assert [(key.get("plugin"), key["owner"]) for key in remote.list_keys() if key["current"]] == [(world.plugin, False)]
        status = remote.status()
        assert (status.get("relay"), status["dataDir"]) == (True, str(world.options["data_dir"]))
        with pytest.raises(VaultError) as error:
            remote.rotate_key()
        assert (error.value.kind, error.value.data["reason"]) == ("notPermitted", "relay")
        remote.sidecar.close()


def test_asyncio_and_the_argument_of_a_vault(world: World, monkeypatch: Any) -> None:
    async def main(socket: str) -> None:
        async with AsyncVault(plugin=world.plugin, connect=socket) as remote:
            await remote.set("user", {"n": 1})

    local = world.vault().open()
    with Relay(world):
        # The sidecar starts in another folder, and the path is the caller's.
        monkeypatch.chdir(world.top)
        asyncio.run(main("sockets/relay"))
    assert local.get("user") == {"n": 1}


def test_the_variable_names_the_socket_as_well(world: World, monkeypatch: Any) -> None:
    local = world.vault().open()
    with Relay(world) as relay:
        monkeypatch.setenv("PLUGIN_VAULT_CONNECT", str(relay.socket))
        with Vault(plugin=world.plugin) as remote:
            remote.set("user", {"n": 1})
    assert local.get("user") == {"n": 1}


def test_another_plugin_or_a_key_of_its_own_is_refused(world: World) -> None:
    with Relay(world) as relay:
        refused = {
            "Start a relay for another": {"plugin": "another"},
            "Open the vault with `plugin`": {"api_key": "0123456789abcdef" * 2 + "01234567"},
        }
        for message, key in refused.items():
            remote = connect(world, relay, **key)
            with pytest.raises(VaultError, match=message) as error:
                remote.open()
            assert error.value.kind == "notPermitted"
            remote.sidecar.close()


def test_when_a_relay_is_gone_a_write_is_unknown_and_a_watch_goes_on_with_the_next(world: World, monkeypatch: Any) -> None:
    # It may take more than five attempts until the next relay is there.
    monkeypatch.setattr("plugin_vault._sidecar.MINUTE", 0.0)
    local = world.vault()
    local.set("user", {"n": 1})
    relay = Relay(world)
    remote = connect(world, relay)
    watch = remote.watch()
    with ThreadPoolExecutor() as threads:
        # The carrier stands still, so that nothing can answer.
        pid = stop(remote)
        write = threads.submit(remote.set, "user", {"n": 2})
        process = remote.sidecar._process
        assert process is not None
        when(lambda: len(process._waiting) == 1)
        relay.end()
        os.kill(pid, signal.SIGCONT)
        with pytest.raises(VaultError) as error:
            write.result(30)
        assert error.value.kind == "outcomeUnknown"
        # Changed while nothing was connected.
        changed = local.set("user", {"n": 3})["revision"]
        seen = threads.submit(next, watch)
        with Relay(world):
            assert seen.result(30)["revision"] == changed
            assert remote.get("user") == {"n": 3}
            remote.sidecar.close()
