"""A process that makes requests with a shared login: `mcp_client.py URL TOP PLUGIN COUNT`. Prints the statuses and logins."""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
from pathlib import Path
from typing import Any, Dict, List
from urllib.parse import parse_qs, urlsplit

import httpx2
from mcp.client.auth import AuthorizationCodeResult
from mcp.shared.auth import OAuthClientMetadata
from pydantic import AnyUrl

from plugin_vault import AsyncVault
from plugin_vault.mcp import OAuthProvider

METADATA = OAuthClientMetadata(client_name="test", redirect_uris=[AnyUrl("http://127.0.0.1:1/callback")])


class User:
    """A user who logs in at once, in place of a browser."""

    def __init__(self) -> None:
        self.logins = 0
        self.asked: Dict[str, List[str]] = {}

    async def redirect(self, url: str) -> None:
        self.logins += 1
        self.asked = parse_qs(urlsplit(url).query)

    async def callback(self) -> AuthorizationCodeResult:
        return AuthorizationCodeResult(code=secrets.token_hex(8), state=self.asked["state"][0])


def provider(vault: AsyncVault, url: str, user: User, **options: Any) -> OAuthProvider:
    handlers: Any = {"redirect_handler": user.redirect, "callback_handler": user.callback}
    return OAuthProvider(f"{url}/mcp", METADATA, vault, **handlers, **options)


async def requests(vault: AsyncVault, url: str, user: User, count: int) -> List[int]:
    async with httpx2.AsyncClient(auth=provider(vault, url, user)) as client:
        return [(await client.get(f"{url}/mcp")).status_code for _ in range(count)]


async def main(url: str, top: Path, plugin: str, count: int) -> None:
    user = User()
    async with AsyncVault(plugin=plugin, installation="test", data_dir=top / "data", key_dir=top / "keys") as vault:
        statuses = await requests(vault, url, user, count)
    print(json.dumps([statuses, user.logins]))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
