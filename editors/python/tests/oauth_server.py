"""An authorization server and a resource on loopback. It ends the login if a refresh token comes a second time."""

from __future__ import annotations

import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Dict, List
from urllib.parse import parse_qs, urlencode, urlsplit


class OAuthServer:
    """`lifetime` is `expires_in` of the tokens; the resource accepts a token for `uses` requests."""

    def __init__(self, lifetime: int = 3600, uses: int = 10**9) -> None:
        self.lifetime = lifetime
        self.uses = uses
        self.refresh_tokens: set[str] = set()
        self.spent: set[str] = set()
        self.access_tokens: Dict[str, int] = {}
        self.logins = self.refreshes = self.reused = 0
        self.lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.get(self)

            def do_POST(self) -> None:
                server.post(self, self.rfile.read(int(self.headers["Content-Length"])).decode())

            def log_message(self, *_: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.thread = threading.Thread(target=self.http.serve_forever, args=[0.01])
        self.thread.start()

    def close(self) -> None:
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()

    def answer(self, handler: Any, status: int, body: Any = None) -> None:
        data = json.dumps(body).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    def get(self, handler: Any) -> None:
        path, query = urlsplit(handler.path).path, parse_qs(urlsplit(handler.path).query)
        if path.startswith("/.well-known/oauth-protected-resource"):
            self.answer(handler, 200, {"resource": f"{self.url}/mcp", "authorization_servers": [self.url]})
        elif path.startswith("/.well-known/oauth-authorization-server"):
            ends = {f"{name}_endpoint": f"{self.url}/at/{name}" for name in ("authorization", "token", "registration")}
            extra = {"issuer": self.url, "response_types_supported": ["code"], "code_challenge_methods_supported": ["S256"]}
            self.answer(handler, 200, {**ends, **extra})
        elif path == "/at/authorization":
            # A user who agrees at once.
            handler.send_response(302)
            answer = urlencode({"code": secrets.token_hex(8), "state": query["state"][0]})
            handler.send_header("Location", f"{query['redirect_uri'][0]}?{answer}")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
        elif path == "/mcp":
            token = handler.headers.get("Authorization", "").replace("Bearer ", "")
            with self.lock:
                left = self.access_tokens.get(token, 0)
                self.access_tokens[token] = left - 1
            self.answer(handler, 200 if left > 0 else 401, {"ok": left > 0})
        else:
            self.answer(handler, 404)

    def post(self, handler: Any, body: str) -> None:
        if handler.path == "/at/registration":
            client = {**json.loads(body), "client_id": secrets.token_hex(8), "token_endpoint_auth_method": "none"}
            self.answer(handler, 201, client)
            return
        if handler.path != "/at/token":
            self.answer(handler, 404)
            return
        form: Dict[str, List[str]] = parse_qs(body)
        with self.lock:
            if form["grant_type"] == ["refresh_token"]:
                token = form["refresh_token"][0]
                if token in self.spent:
                    self.reused += 1
                    self.refresh_tokens.clear()
                if token not in self.refresh_tokens:
                    self.answer(handler, 400, {"error": "invalid_grant"})
                    return
                self.refresh_tokens.remove(token)
                self.spent.add(token)
                self.refreshes += 1
            else:
                self.logins += 1
            access, refresh = "access" + secrets.token_hex(12), "refresh" + secrets.token_hex(12)
            self.access_tokens[access] = self.uses
            self.refresh_tokens.add(refresh)
        given = {"access_token": access, "refresh_token": refresh, "token_type": "Bearer", "expires_in": self.lifetime}
        self.answer(handler, 200, given)
