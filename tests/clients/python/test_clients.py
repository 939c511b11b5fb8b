"""Two Python clients of other projects, pygls and python-lsp-jsonrpc, spawn the real binary:
each stores an object, reads it back, and leaves by shutdown and exit."""

import asyncio
import json
import os
import secrets
import subprocess
import threading

import pytest
from lsprotocol import types
from pygls.client import JsonRPCClient
from pygls.exceptions import JsonRpcException as PyglsException
from pygls.lsp.client import LanguageClient
from pylsp_jsonrpc.endpoint import Endpoint
from pylsp_jsonrpc.exceptions import JsonRpcException
from pylsp_jsonrpc.streams import JsonRpcStreamReader, JsonRpcStreamWriter

BINARY = os.environ["PLUGIN_VAULT_BIN"]
SECONDS = 30


class World:
    """The folders of one test, and the random words that must not show in them."""

    def __init__(self, top):
        self.data = top / "data"
        self.args = ["--data-dir", str(self.data), "--key-dir", str(top / "keys")]
        self.key = secrets.token_hex(20)
        self.word = "canary" + secrets.token_hex(12)
        self.stored = {"v": self.word, "n": [1, 2.5, None, True]}

    def check(self, stderr):
        assert stderr == b"", "nothing is left on stderr"
        needles = [self.word.encode(), self.key.encode(), self.key.upper().encode(), bytes.fromhex(self.key)]
        files = [path for path in self.data.rglob("*") if path.is_file()]
        assert files, "the store lies where it was asked to lie"
        for path in files:
            assert self.key not in path.name and self.word not in path.name
            found = path.read_bytes()
            assert not any(needle in found for needle in needles), f"a secret stands in {path.name}"


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def plain(value):
    """pygls makes tuples with names of objects; this makes dicts of them again."""
    if hasattr(value, "_asdict"):
        return {name: plain(member) for name, member in value._asdict().items()}
    return [plain(member) for member in value] if isinstance(value, list) else value


async def pygls_session(client, world, greet):
    errors = []
    client.report_server_error = lambda error, source: errors.append(error)
    await client.start_io(BINARY, *world.args)
    if greet:
        await greet()

    def ask(method, params=None):
        return asyncio.wait_for(client.protocol.send_request_async(method, params), SECONDS)

    assert (await ask("setAPIKey", [world.key])).handle
    assert (await ask("setPersistentData", {"context": "user", "data": world.stored})).revision > 0
    assert plain(await ask("getPersistentData", ["user"])) == world.stored
    # Without parameters this client says `null`.
    assert [plain(row)["context"] for row in await ask("listPersistentData")] == ["user"]
    with pytest.raises(PyglsException) as refused:
        await ask("setPersistentData", {"context": "user", "data": {}, "ifRevision": 0})
    assert refused.value.code == 2001
    assert await ask("shutdown") is None
    client.protocol.notify("exit")
    server = client._server
    # It opens our stderr and never reads it, so we read it here.
    stderr = await asyncio.wait_for(server.stderr.read(), SECONDS)
    assert await asyncio.wait_for(server.wait(), SECONDS) == 0
    await client.stop()
    assert errors == []
    return stderr


def test_pygls_as_a_script_stores_and_reads(world):
    world.check(asyncio.run(pygls_session(JsonRPCClient(), world, None)))


def test_pygls_as_a_language_client_stores_and_reads(world):
    async def session():
        client = LanguageClient("plugin-vault-tests", "0")

        async def greet():
            params = types.InitializeParams(capabilities=types.ClientCapabilities(), process_id=os.getpid())
            answer = await asyncio.wait_for(client.initialize_async(params), SECONDS)
            assert answer.server_info.name == "plugin-vault"
            assert answer.capabilities.workspace.workspace_folders.supported is True
            client.initialized(types.InitializedParams())

        return await pygls_session(client, world, greet)

    world.check(asyncio.run(session()))


@pytest.mark.parametrize("greeted", [True, False], ids=["initialised", "as-a-script"])
def test_python_lsp_jsonrpc_stores_and_reads(world, greeted):
    with subprocess.Popen(
        [BINARY, *world.args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as server:
        try:
            endpoint = Endpoint({}, JsonRpcStreamWriter(server.stdin).write)
            reader = threading.Thread(
                target=JsonRpcStreamReader(server.stdout).listen, args=(endpoint.consume,), daemon=True
            )
            reader.start()

            def ask(method, params=None):
                return endpoint.request(method, params).result(timeout=SECONDS)

            if greeted:
                answer = ask("initialize", {"processId": os.getpid(), "rootUri": None, "capabilities": {}})
                assert answer["serverInfo"]["name"] == "plugin-vault"
                endpoint.notify("initialized", {})
            assert ask("setAPIKey", [world.key])["handle"]
            assert ask("setPersistentData", ["user", world.stored])["revision"] > 0
            read = ask("getPersistentData", {"context": "user"})
            assert json.dumps(read) == json.dumps(world.stored)
            assert len(ask("listPersistentData")) == 1
            with pytest.raises(JsonRpcException) as refused:
                ask("setPersistentData", {"context": "user", "data": {}, "ifRevision": 0})
            assert (refused.value.code, refused.value.data["kind"]) == (2001, "revisionConflict")
            assert ask("shutdown") is None
            endpoint.notify("exit")
            assert server.wait(SECONDS) == 0
            stderr = server.stderr.read()
            reader.join(SECONDS)
            endpoint.shutdown()
        finally:
            server.kill()
    world.check(stderr)
