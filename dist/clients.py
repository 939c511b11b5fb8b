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

    def answer(self, method: str, params: Any) -> dict[str, Any]:
        """The answer to a request."""
        assert self.process.stdin and self.process.stdout
        self.last += 1
        request = {"jsonrpc": "2.0", "id": self.last, "method": method, "params": params}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            message = json.loads(line)
            if message.get("id") == self.last:
                return message
        raise EOFError(f"the sidecar ended before it answered {method}")

    def call(self, method: str, params: Any) -> Any:
        """The result of a request that may not fail."""
        answer = self.answer(method, params)
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
    return json.loads((source / "expected.json").read_text())


def differences(command: list[str], expected: dict[str, Any]) -> list[str]:
    """The requests of the frozen store's sessions that are answered in another way than when it was written."""
    wrong = []
    for session in expected["sessions"]:
        with Client(command) as client:
            for (method, params), before in zip(session["requests"], session["answers"], strict=True):
                answer = client.answer(method, params)
                outcome = answer["result"] if "result" in answer else answer["error"]["code"]
                if isinstance(outcome, dict):
                    outcome.pop("handle", None)
                if outcome != before:
                    wrong.append(f"{method} {params}: {outcome}, and not {before}")
    for one in wrong:
        print(one)
    return wrong
