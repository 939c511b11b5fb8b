"""The login for the `mcp` SDK with the real SDK, and the key-value store with the real protocol."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List
from urllib.error import URLError
from urllib.request import urlopen

import mcp_client
import pytest
from conftest import World
from key_value.aio.protocols.key_value import AsyncKeyValueProtocol
from mcp.shared.auth import OAuthToken
from mcp_client import User, requests
from oauth_server import OAuthServer

from plugin_vault import AsyncVault
from plugin_vault.key_value import KeyValueStore
from plugin_vault.mcp import TokenStorage


@pytest.fixture
def servers() -> Iterator[Any]:
    made: List[OAuthServer] = []

    def make(**options: int) -> OAuthServer:
        made.append(OAuthServer(**options))
        return made[-1]

    yield make
    for server in made:
        server.close()


def test_processes_share_a_login_and_no_refresh_token_is_used_twice(world: World, servers: Any) -> None:
    # Each request finds tokens that have expired.
    server = servers(lifetime=0)

    async def log_in() -> None:
        async with world.async_vault() as vault:
            assert await requests(vault, server.url, User(), 1) == [200]

    asyncio.run(log_in())
    command = [sys.executable, mcp_client.__file__, server.url, str(world.top), world.plugin, "4"]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    for process in processes:
        assert json.loads(process.communicate(timeout=120)[0]) == [[200] * 4, 0]
    assert (server.logins, server.reused) == (1, 0)
    assert server.refreshes >= 12


def test_a_token_that_the_service_rejects_is_refreshed_without_a_login(world: World, servers: Any) -> None:
    server, user = servers(uses=2), User()

    async def main() -> None:
        async with world.async_vault() as vault:
            assert await requests(vault, server.url, user, 5) == [200] * 5
        # Another start of the same program.
        async with world.async_vault() as vault:
            assert await requests(vault, server.url, user, 3) == [200] * 3

    asyncio.run(main())
    assert (user.logins, server.logins, server.reused) == (1, 1, 0)
    assert server.refreshes == 3


def test_the_user_logs_in_again_when_the_server_has_ended_the_login(world: World, servers: Any) -> None:
    server, user = servers(lifetime=0), User()

    async def main() -> None:
        async with world.async_vault() as vault:
            assert await requests(vault, server.url, user, 1) == [200]
            server.refresh_tokens.clear()
            server.access_tokens.clear()
            provider = mcp_client.provider(vault, server.url, user, reads=1)
            async with mcp_client.httpx2.AsyncClient(auth=provider) as client:
                assert (await client.get(f"{server.url}/mcp")).status_code == 200

    asyncio.run(main())
    assert (user.logins, server.logins) == (2, 2)


def test_fastmcp_keeps_its_login_in_the_key_value_store(world: World, servers: Any, monkeypatch: Any) -> None:
    # Takes seconds to import.
    from fastmcp.client.auth import OAuth

    server, browsers = servers(), []

    def browse(url: str) -> None:
        # FastMCP listens for the code a moment after it has opened the browser.
        for _ in range(1000):
            with contextlib.suppress(URLError):
                urlopen(url, timeout=20).close()
                return
            time.sleep(0.01)

    def open_browser(url: str) -> None:
        browsers.append(threading.Thread(target=browse, args=(url,)))
        browsers[-1].start()

    monkeypatch.setattr("webbrowser.open", open_browser)

    async def request(store: KeyValueStore) -> int:
        auth = OAuth(f"{server.url}/mcp", token_storage=store, callback_host="127.0.0.1")
        async with mcp_client.httpx2.AsyncClient(auth=auth) as client:
            return (await client.get(f"{server.url}/mcp")).status_code

    async def main() -> None:
        # Two starts of a program with two connections each.
        for _ in range(2):
            async with world.async_vault() as vault:
                assert [await request(KeyValueStore(vault)) for _ in range(2)] == [200, 200]
        async with world.async_vault() as vault:
            kept = await KeyValueStore(vault).get(f"{server.url}/mcp/tokens", collection="mcp-oauth-token")
            assert kept is not None
            assert kept["access_token"] in server.access_tokens
            assert len([record for record in await vault.list() if "expiresAt" in record]) == 2

    asyncio.run(main())
    for browser in browsers:
        browser.join()
    assert (len(browsers), server.logins, server.refreshes) == (1, 1, 0)


def test_the_readme_s_login_works(world: World, servers: Any, monkeypatch: Any) -> None:
    server, user = servers(), User()
    monkeypatch.setenv("PLUGIN_VAULT_DATA_DIR", str(world.top / "data"))
    monkeypatch.setenv("PLUGIN_VAULT_KEY_DIR", str(world.top / "keys"))
    readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    (shown,) = (block for block in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if "OAuthProvider" in block)
    names: Dict[str, Any] = {}
    exec(shown, names)
    for _ in range(2):
        asked = names["ask"](f"{server.url}/mcp", mcp_client.METADATA, user.redirect, user.callback)
        assert asyncio.run(asked).status_code == 200
    assert user.logins == 1


def test_tokens_keep_their_date(world: World) -> None:
    async def main() -> None:
        async with world.async_vault() as vault:
            storage = TokenStorage(vault, "https://example.org/mcp")
            assert await storage.get_tokens() is None
            assert await storage.get_client_info() is None
            given = OAuthToken(access_token=world.word(), refresh_token=world.word(), expires_in=3600, scope="a b")
            await storage.set_tokens(given)
            kept = await storage.get_tokens()
            assert kept is not None
            assert kept.model_copy(update={"expires_in": 3600}) == given
            assert kept.expires_in is not None
            assert 3590 < kept.expires_in <= 3600
            record = await vault.get("user", name=storage.tokens_name)
            assert record is not None
            await vault.patch("user", {"expiresAt": record["expiresAt"] - 7_200_000}, name=storage.tokens_name)
            late = await storage.get_tokens()
            assert late is not None
            assert late.expires_in == 0

    asyncio.run(main())


def test_the_key_value_store_keeps_what_the_protocol_says(world: World) -> None:
    async def check(vault: AsyncVault) -> None:
        store = KeyValueStore(vault)
        assert isinstance(store, AsyncKeyValueProtocol)
        long = "https://example.org/" + "x" * 300
        for key in ("a", long):
            assert await store.get(key) is None
            assert await store.ttl(key) == (None, None)
            await store.put(key, {"n": 1})
            await store.put(key, {"n": 2}, collection="other", ttl=3600)
            assert await store.get(key) == {"n": 1}
            assert await store.ttl(key) == ({"n": 1}, None)
            value, left = await store.ttl(key, collection="other")
            assert (value, 3590 < (left or 0) <= 3600) == ({"n": 2}, True)
        await store.put("short", {"n": 3}, ttl=0)
        assert await store.get("short") is None
        await store.put_many(["b", "c"], [{"n": 4}, {"n": 5}])
        assert await store.get_many(["c", "none", "b"]) == [{"n": 5}, None, {"n": 4}]
        assert await store.ttl_many(["b", "none"]) == [({"n": 4}, None), (None, None)]
        assert await store.delete("b") is True
        assert await store.delete("b") is False
        assert await store.delete_many(["a", "b", "c", long]) == 3

    async def main() -> None:
        async with world.async_vault() as vault:
            await check(vault)

    asyncio.run(main())
