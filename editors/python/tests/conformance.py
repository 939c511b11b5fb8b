"""Runs the cases for bindings with this package. editors/conformance/README.md explains the cases.

The runner itself is blocking. A face connects it to `Vault` or to `AsyncVault`; a `Window` of it has one vault.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

from plugin_vault import VaultError

CASES = Path(__file__).parents[2] / "conformance"
TIERS = ["core", "changes", "leases", "keys", "inherit", "lock", "tokens"]
SECONDS = 60

# Each method: its name in Python, and the parameters that go by position.
METHODS: Dict[str, Tuple[str, List[str]]] = {
    "setPersistentData": ("set", ["context", "data"]),
    "getPersistentData": ("get", ["context"]),
    "getPersistentRecord": ("get_record", ["context"]),
    "patchPersistentData": ("patch", ["context", "patch"]),
    "deletePersistentData": ("delete", ["context"]),
    "listPersistentData": ("list", []),
    "movePersistentData": ("move", ["from", "to"]),
    "acquireLease": ("acquire_lease", ["name"]),
    "renewLease": ("renew_lease", ["name", "lease"]),
    "releaseLease": ("release_lease", ["name", "lease"]),
    "shareAPIKey": ("share_key", []),
    "listAPIKeys": ("list_keys", []),
    "rotateAPIKey": ("rotate_key", []),
    "revokeAPIKey": ("revoke_key", []),
    "vault/status": ("status", []),
    "vault/lock": ("lock", []),
    "vault/unlock": ("unlock", []),
}
OPTIONS = {
    "workspaceFolder": "folder",
    "ifRevision": "if_revision",
    "expiresAt": "expires_at",
    "apiKey": "api_key",
    "keyId": "key_id",
}
SECONDS_OF = {"ttlMs": "ttl", "waitMs": "wait"}
OTHERS = ("watchPersistentData", "unwatchPersistentData", "tokens.get", "tokens.set", "tokens.clear")


def load_cases() -> List[Dict[str, Any]]:
    """All cases, in the order of their files."""
    return [{"tier": tier, **case} for tier in TIERS for case in json.loads((CASES / f"{tier}.json").read_text("utf-8"))]


def title(case: Dict[str, Any]) -> str:
    return f"{case['tier']}: {case['name']}"


def call_of(vault: Any, method: str, params: Dict[str, Any]) -> Any:
    """Calls a method of either class."""
    name, leading = METHODS[method]
    given = dict(params)
    first = [given.pop(each) for each in leading]
    options = {}
    for each, value in given.items():
        if each in SECONDS_OF:
            options[SECONDS_OF[each]] = value / 1000
        else:
            options[OPTIONS.get(each, each)] = value
    return getattr(vault, name)(*first, **options)


class CallersError(Exception):
    """What a refresh function of a case raises."""


def is_offered(case: Dict[str, Any], face: Any) -> bool:
    """Whether the face has all that a case needs."""

    def offered(step: Dict[str, Any]) -> bool:
        known = step.get("call") is None or step["call"] in METHODS or step["call"] in OTHERS
        inside = [each for refresh in step.get("refresh", []) for each in refresh.get("during", [])]
        return known and bool(face.offers(step)) and all(offered(each) for each in inside)

    return all(offered(step) for step in case["steps"])


def run_case(case: Dict[str, Any], face: Any) -> None:
    """Runs one case. Raises what is wrong."""
    run = Run(case, face)
    try:
        for at, step in enumerate(case["steps"]):
            try:
                run.step(step)
            except Exception as error:
                raise AssertionError(f"step {at + 1}, {json.dumps(step)[:200]}: {error}") from error
        assert run.begun == {}, "every call that was begun is ended"
        assert not any(run.refreshes.values()), "every expected refresh has happened"
    finally:
        run.close()


def keep_outcomes(name: str, outcomes: Dict[str, str]) -> None:
    """Writes the outcomes for the table in editors/README.md."""
    folder = os.environ.get("CONFORMANCE_OUTCOMES")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        text = json.dumps({"name": name, "outcomes": outcomes})
        (Path(folder) / f"{re.sub('[/, ]+', '-', name)}.json").write_text(text, encoding="utf-8")


class Run:
    def __init__(self, case: Dict[str, Any], face: Any) -> None:
        self.case = case
        self.face = face
        self.begun: Dict[str, Any] = {}
        self.windows: Dict[str, Any] = {}
        self.plugin = f"conformance.{secrets.token_hex(8)}"
        self.folders = [f"file:///conformance/folder%20{n + 1}" for n in range(2)]
        key1, key2 = secrets.token_hex(20), secrets.token_hex(20)
        self.variables: Dict[str, Any] = {"key1": key1, "key2": key2, "KEY1": key1.upper()}
        self.variables.update(folder1=self.folders[0], folder2=self.folders[1])
        self.tokens: Dict[Tuple[str, str], Any] = {}
        self.refreshes: Dict[Tuple[str, str], List[Any]] = {}
        self.passphrase = case.get("passphrase")
        # A store that a passphrase opens is one of its own.
        self.store = face.guarded(self.passphrase) if self.passphrase else {}

    def step(self, step: Dict[str, Any]) -> None:
        name = step.get("in", "a")
        if "open" in step:
            self.settle(step, lambda: self.open(step["open"], step.get("as", "the same")))
        elif "close" in step:
            self.window(step["close"]).close()
        elif "kill" in step:
            self.window(step["kill"]).kill()
        elif "folders" in step:
            self.window(name).vault.sidecar.set_workspace_folders(self.fill(step["folders"]))
        elif "notice" in step:
            self.match(self.window(name).notice(), step["notice"], "the notice")
        elif "cancel" in step:
            self.begun[step["cancel"]].cancel()
        elif "end" in step:
            self.settle(step, self.begun.pop(step["end"]).result)
        else:
            self.call(step, name)

    def call(self, step: Dict[str, Any], name: str) -> None:
        window, method, params = self.window(name), step["call"], self.fill(step.get("with", {}))
        if method.startswith("tokens."):
            work = self.tokens_call(name, step, params)
        elif method == "watchPersistentData":
            work = window.watch(params)
        elif method == "unwatchPersistentData":
            work = window.unwatch()
        else:
            work = lambda: call_of(window.vault, method, params)  # noqa: E731
        if "begin" not in step:
            self.settle(step, lambda: window.call(work))
            return
        self.begun[step["begin"]] = window.begin(work)
        if step.get("spoil"):
            for member in params["data"]:
                params["data"][member] = "spoilt"

    def tokens_call(self, window: str, step: Dict[str, Any], params: Dict[str, Any]) -> Callable[[], Any]:
        about = window, params.pop("name", "oauth")
        if about not in self.tokens:
            fresh = self.case.get("fresh")
            is_fresh = None if fresh is None else lambda tokens: tokens["accessToken"] in fresh
            refresh = self.face.refresh(lambda spent: self.refresh(about, spent))
            self.tokens[about] = self.window(window).vault.tokens(about[1], refresh, is_fresh=is_fresh, reads=3)
        self.refreshes.setdefault(about, []).extend(step.get("refresh", []))
        tokens, method = self.tokens[about], step["call"].split(".")[1]
        if method == "set":
            return lambda: tokens.set(params["tokens"])
        return lambda: getattr(tokens, method)(**params)

    def refresh(self, about: Tuple[str, str], spent: Any) -> Any:
        assert self.refreshes[about], "no refresh was expected"
        expected = self.refreshes[about].pop(0)
        if "gets" in expected:
            self.match(spent, expected["gets"], "the tokens to refresh")
        for each in expected.get("during", []):
            self.step(each)
        if "fails" in expected:
            raise CallersError(expected["fails"])
        return self.fill(expected["gives"])

    def close(self) -> None:
        for window in self.windows.values():
            window.close()

    def window(self, name: str) -> Any:
        if name not in self.windows:
            self.open(name, "the same")
        return self.windows[name]

    def open(self, name: str, how: Any) -> None:
        """Opens a window: another process, on the same data or on other data."""
        if isinstance(how, dict):
            given = self.fill(how)
            key = {"api_key": given["apiKey"], "must_exist": given.get("mustExist", False)}
        else:
            plugin = f"{self.plugin}.another" if how == "another plugin" else self.plugin
            key = {"plugin": plugin, "installation": "another" if how == "another installation" else "conformance"}
        folders = self.folders[: self.case.get("folders", 1)]
        window = self.windows[name] = self.face.open({**self.store, **key, "workspace_folders": folders})
        # Where processes share no keyring, each has to be unlocked for itself.
        if self.passphrase and not window.call(window.vault.status)["locked"]:
            window.call(lambda: window.vault.unlock(passphrase=self.passphrase))

    def settle(self, step: Dict[str, Any], outcome: Callable[[], Any]) -> None:
        try:
            answer = outcome()
        except CallersError as error:
            if step.get("throws", str(error)) not in str(error):
                raise AssertionError(f"the caller's error was {error}") from error
            return
        except VaultError as error:
            expected = step.get("error")
            if expected is None:
                raise
            expected = {"kind": expected} if isinstance(expected, str) else expected
            actual = {"kind": error.kind, "retryable": error.retryable, "data": error.data}
            data = {"$more": True, **expected.get("data", {})}
            self.match(actual, {"$more": True, **expected, "data": data}, "the error")
            return
        assert "error" not in step, f"an error was expected, and the answer was {json.dumps(answer)[:200]}"
        assert "throws" not in step, "the caller's error was expected"
        if step.get("call") == "vault/unlock":
            answer = {"keyAvailable": answer}
        if step.get("unordered"):
            self.match_in_any_order(answer, step["answer"])
        elif "answer" in step:
            self.match(answer, step["answer"], "the answer")
        for member, variable in step.get("save", {}).items():
            self.variables[variable] = answer[member]

    def fill(self, value: Any) -> Any:
        """Replaces the variables `${x}` and the long texts `$repeat` in a step's parameters."""
        if isinstance(value, str):
            whole = re.fullmatch(r"\$\{(\w+)\}", value)
            return self.variables[whole[1]] if whole else value
        if isinstance(value, list):
            return [self.fill(each) for each in value]
        if isinstance(value, dict):
            if "$repeat" in value:
                return value["$repeat"][0] * value["$repeat"][1]
            return {name: self.fill(each) for name, each in value.items()}
        return value

    def match(self, actual: Any, expected: Any, where: str) -> None:
        def check(holds: bool, what: Any) -> None:
            assert holds, f"{where}: {json.dumps(actual)[:200]} is not {str(what)[:200]}"

        if isinstance(expected, list):
            check(isinstance(actual, list) and len(actual) == len(expected), "such a list")
            for each, other in zip(actual, expected):
                self.match(each, other, where)
        elif not isinstance(expected, dict) or "$repeat" in expected:
            value = self.fill(expected)
            check(type(actual) is type(value) and actual == value, value)
        elif "$any" in expected:
            check(ANY[expected["$any"]](actual), expected["$any"])
        elif "$above" in expected:
            least = self.variables[expected["$above"]]
            check(is_whole(actual, 1) and actual > least, f"above {least}")
        else:
            check(isinstance(actual, dict), "an object")
            members = {name: each for name, each in expected.items() if name != "$more"}
            missing = set(members) - set(actual)
            more = set() if "$more" in expected else set(actual) - set(members)
            check(not missing and not more, f"an object with {sorted(members)}")
            for name, each in members.items():
                self.match(actual[name], each, f"{where}, {name}")

    def match_in_any_order(self, actual: Any, expected: Any) -> None:
        left = list(actual)
        assert len(left) == len(expected), "the number of answers"
        for each in expected:
            for candidate in left:
                try:
                    self.match(candidate, each, "")
                except AssertionError:
                    continue
                left.remove(candidate)
                break
            else:
                raise AssertionError(f"{json.dumps(each)} is not in {json.dumps(left)}")


def is_whole(value: Any, least: int) -> bool:
    return type(value) is int and least <= value < 2**53


ANY: Dict[str, Callable[[Any], bool]] = {
    "number": lambda value: is_whole(value, 0),
    "revision": lambda value: is_whole(value, 1),
    "text": lambda value: isinstance(value, str) and value != "",
    "time": lambda value: matches(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", value),
    "key": lambda value: matches("[0-9a-f]{40}", value),
}


def matches(pattern: str, value: Optional[Any]) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None
