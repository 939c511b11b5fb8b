"""A client for tests: one JSON text a line. And the frozen store, with what it has to give back."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from shared import TOP


class Client:
    """One sidecar, which ends with the block."""

    def __init__(self, command: list[str]) -> None:
        """Starts a sidecar."""
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.last = 0

    def __enter__(self) -> "Client":
        """Nothing: it is started already."""
        return self

    def __exit__(self, *_: object) -> None:
        """The end of its input ends the sidecar."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(20)

    def answers(self, requests: list[tuple[str, Any]]) -> list[dict[str, Any]]:
        """The answers to requests that are sent together, in their order."""
        assert self.process.stdin
        assert self.process.stdout
        ids = range(self.last + 1, self.last + 1 + len(requests))
        self.last += len(requests)
        for number, (method, params) in zip(ids, requests, strict=True):
            self.process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) + "\n")
        self.process.stdin.flush()
        found: dict[int, dict[str, Any]] = {}
        while len(found) < len(requests):
            line = self.process.stdout.readline()
            if not line:
                raise EOFError(f"the sidecar ended before it answered {requests}")
            message = json.loads(line)
            if message.get("id") in ids:
                found[message["id"]] = message
        return [found[number] for number in ids]

    def call(self, method: str, params: Any) -> Any:
        """The result of a request that may not fail."""
        [answer] = self.answers([(method, params)])
        if "error" in answer:
            raise ValueError(f"{method}: {answer['error']}")
        return answer["result"]


def frozen_store(place: Path) -> dict[str, Any]:
    """Copies the frozen store, so that its user alone may read it. Returns what it has to give back."""
    source = TOP / "tests" / "conformance" / "store-v1"
    for part in ("data", "keys"):
        shutil.copytree(source / part, place / part)
    for path in [place, *place.rglob("*")]:
        path.chmod(0o700 if path.is_dir() else 0o600)
    expected: dict[str, Any] = json.loads((source / "expected.json").read_text())
    return expected


def differences(command: list[str], expected: dict[str, Any]) -> list[str]:
    """The requests of the frozen store's sessions that are answered in another way than when it was written."""
    wrong = []
    for session in expected["sessions"]:
        with Client(command) as client:
            answers = client.answers(session["requests"])
            for request, answer, before in zip(session["requests"], answers, session["answers"], strict=True):
                outcome = answer["result"] if "result" in answer else answer["error"]["code"]
                if isinstance(outcome, dict):
                    outcome.pop("handle", None)
                if outcome != before:
                    wrong.append(f"{request}: {outcome}, and not {before}")
    for one in wrong:
        print(one)
    return wrong
