"""A login for the `mcp` SDK that all processes of the user share, and that one of them at a time refreshes.

`OAuthProvider` takes the place of the SDK's `OAuthClientProvider`. `TokenStorage` alone keeps the login, and leaves the refresh
to the SDK: that is enough for one process at a time.
"""

from __future__ import annotations

import time
from typing import Any, AsyncGenerator, Callable, Dict, Optional

import httpx2
from mcp.client.auth import OAuthClientProvider, OAuthTokenError
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthMetadata, OAuthToken

from ._async.vault import AsyncVault
from ._errors import LoginNeeded
from ._names import record_name
from .wire import JsonObject

READS = 25
"""How often to look for tokens of another process, 200 ms apart, after the server refused the stored ones."""


class TokenStorage:
    """The SDK's `TokenStorage` for one server: the tokens and the registration of the client.

    The date when the tokens expire is stored, so that `expires_in` is right when they are read.
    """

    def __init__(self, vault: AsyncVault, server_url: str) -> None:
        self._vault = vault
        self.tokens_name = record_name("mcp tokens", server_url)
        self._client_name = record_name("mcp client", server_url)

    async def get_tokens(self) -> Optional[OAuthToken]:
        """The stored tokens, with the seconds that they are still valid."""
        stored = await self._vault.get("user", name=self.tokens_name)
        return None if stored is None else _token(stored)

    async def set_tokens(self, tokens: OAuthToken) -> None:
        """Stores the tokens."""
        await self._vault.set("user", _stored(tokens), name=self.tokens_name)

    async def get_client_info(self) -> Optional[OAuthClientInformationFull]:
        """The client's registration."""
        stored = await self._client("info")
        return None if stored is None else OAuthClientInformationFull.model_validate(stored)

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        """Stores the client's registration."""
        await self._vault.patch("user", {"info": _json(client_info)}, name=self._client_name)

    async def get_metadata(self) -> Optional[OAuthMetadata]:
        """What the authorization server said of itself: without it, a new process would have to guess where to refresh."""
        stored = await self._client("metadata")
        return None if stored is None else OAuthMetadata.model_validate(stored)

    async def set_metadata(self, metadata: OAuthMetadata) -> None:
        """Stores what the authorization server says of itself."""
        await self._vault.patch("user", {"metadata": _json(metadata)}, name=self._client_name)

    async def _client(self, member: str) -> Optional[JsonObject]:
        stored = await self._vault.get("user", name=self._client_name)
        return None if stored is None else stored.get(member)


class OAuthProvider(OAuthClientProvider):
    """The SDK's provider, with a login that all processes of the user share.

    Each request uses the tokens that are stored now. They are refreshed under a lease, by the rules of docs/recipes.md: an
    authorization server that accepts each refresh token once never gets one twice. The user is asked to log in only if nothing
    is stored, or if the server refuses it and no other process stores a successor. `http_client` makes the client that
    refreshes. Other arguments are those of `OAuthClientProvider`.
    """

    def __init__(
        self,
        server_url: str,
        client_metadata: OAuthClientMetadata,
        vault: AsyncVault,
        *,
        http_client: Callable[[], httpx2.AsyncClient] = httpx2.AsyncClient,
        reads: int = READS,
        **options: Any,
    ) -> None:
        self._storage = TokenStorage(vault, server_url)
        super().__init__(server_url, client_metadata, self._storage, **options)
        self._http_client = http_client
        name = self._storage.tokens_name
        self._tokens = vault.tokens(name, self._ask, is_fresh=_is_fresh, reads=reads)

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Authorizes one request: with the stored tokens, or with new ones, or by asking the user."""
        tokens = await self._load()
        known = self.context.oauth_metadata
        flow = super().async_auth_flow(request)
        try:
            outgoing = await flow.__anext__()
            while True:
                response = yield outgoing
                if outgoing is request and response.status_code == 401 and tokens is not None:
                    # The server no longer accepts them, whatever their date.
                    rejected, tokens = tokens, None
                    if await self._load(rejected) is not None:
                        self._add_auth_header(request)
                        response = yield request
                outgoing = await flow.asend(response)
        except StopAsyncIteration:
            pass
        finally:
            await flow.aclose()
        if self.context.oauth_metadata is not None and self.context.oauth_metadata is not known:
            await self._storage.set_metadata(self.context.oauth_metadata)

    async def _load(self, rejected: Optional[JsonObject] = None) -> Optional[JsonObject]:
        """Gives the SDK the tokens to use now, if there are any. The SDK then never refreshes them by itself."""
        context = self.context
        context.client_info = await self._storage.get_client_info() or context.client_info
        context.oauth_metadata = context.oauth_metadata or await self._storage.get_metadata()
        self._initialized = True
        try:
            tokens = await self._tokens.get(rejected=rejected)
        except LoginNeeded:
            context.clear_tokens()
            return None
        context.current_tokens, context.token_expiry_time = _token(tokens), None
        return tokens

    async def _ask(self, spent: JsonObject) -> Optional[JsonObject]:
        """Asks the server for new tokens."""
        self.context.current_tokens = before = _token(spent)
        if not self.context.can_refresh_token():
            return None
        request = await self._refresh_token()
        async with self._http_client() as client:
            response = await client.send(request)
        if response.status_code in (400, 401):
            return None
        if response.status_code != 200:
            raise OAuthTokenError(f"The authorization server answered a refresh with status {response.status_code}.")
        given = OAuthToken.model_validate_json(response.content)
        given.scope = given.scope or before.scope
        given.refresh_token = given.refresh_token or before.refresh_token
        return _stored(given)


def _stored(token: OAuthToken) -> JsonObject:
    stored: Dict[str, Any] = {"accessToken": token.access_token}
    if token.refresh_token is not None:
        stored["refreshToken"] = token.refresh_token
    if token.scope is not None:
        stored["scope"] = token.scope
    if token.expires_in is not None:
        stored["expiresAt"] = round((time.time() + token.expires_in) * 1000)
    return stored


def _token(stored: JsonObject) -> OAuthToken:
    left = None
    if "expiresAt" in stored:
        left = max(0, int(stored["expiresAt"] / 1000 - time.time()))
    return OAuthToken(
        access_token=stored["accessToken"],
        refresh_token=stored.get("refreshToken"),
        scope=stored.get("scope"),
        expires_in=left,
    )


def _is_fresh(stored: JsonObject) -> bool:
    """Without a date, the server says when they are no longer valid."""
    return bool(stored.get("expiresAt", float("inf")) > time.time() * 1000)


def _json(model: Any) -> JsonObject:
    dumped: JsonObject = model.model_dump(mode="json", exclude_none=True)
    return dumped
