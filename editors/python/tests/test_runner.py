"""Tests of the runner: a binding that answers wrongly, or not at all, must not pass."""

from __future__ import annotations

from typing import Any, Callable, Dict

import conformance
import pytest

from plugin_vault import VaultError


class Face:
    """A binding of which `getPersistentData` gives what the test wants."""

    def __init__(self, get: Callable[..., Any]) -> None:
        self.get = get

    def offers(self, step: Dict[str, Any]) -> bool:
        return True

    def open(self, options: Any) -> Face:
        self.vault = self
        return self

    def call(self, work: Callable[[], Any]) -> Any:
        return work()

    def begin(self, work: Callable[[], Any]) -> Any:
        return None

    def close(self) -> None:
        pass


def failing(kind: str, **data: Any) -> Any:
    def fail(*_: Any, **__: Any) -> None:
        raise VaultError(kind, kind, data={"kind": kind, **data})

    return fail


def run(step: Dict[str, Any], get: Callable[..., Any]) -> None:
    steps = [{"call": "getPersistentData", "with": {"context": "user"}, **step}]
    conformance.run_case({"tier": "core", "name": "a test", "steps": steps}, Face(get))


@pytest.mark.parametrize(
    ("step", "answer", "passes"),
    [
        ({"answer": {"n": [1, None]}}, {"n": [1, None]}, True),
        ({"answer": {"n": 1}}, {"n": 2}, False),
        ({"answer": {"n": 1}}, {"n": "1"}, False),
        ({"answer": {"n": 1}}, {"n": True}, False),
        ({"answer": {"n": 1}}, {"n": 1, "m": 1}, False),
        ({"answer": {"n": 1, "$more": True}}, {"n": 1, "m": 1}, True),
        ({"answer": {"n": 1}}, {}, False),
        ({"answer": {}}, None, False),
        ({"answer": None}, {}, False),
        ({"answer": {}}, [], False),
        ({"answer": [1, 2]}, [1], False),
        ({"unordered": True, "answer": [1, 2]}, [2, 1], True),
        ({"unordered": True, "answer": [1, 2]}, [2, 2], False),
        ({"answer": {"$any": "revision"}}, 7, True),
        ({"answer": {"$any": "revision"}}, 0, False),
        ({"answer": {"$any": "time"}}, "2001-02-03T04:05:06.000Z", True),
        ({"answer": {"$any": "time"}}, "2001-02-03", False),
        ({"error": "storeFull"}, None, False),
        ({"throws": "mine"}, None, False),
    ],
)
def test_an_answer_is_compared(step: Dict[str, Any], answer: Any, passes: bool) -> None:
    if passes:
        run(step, lambda *_: answer)
    else:
        with pytest.raises(AssertionError):
            run(step, lambda *_: answer)


def test_an_error_is_compared() -> None:
    run({"error": "storeFull"}, failing("storeFull"))
    run({"error": {"kind": "x", "data": {"revision": 1}}}, failing("x", revision=1))
    for step in ({"error": "storeFull"}, {"answer": None}, {"error": {"kind": "storeBusy", "data": {"reason": "lock"}}}):
        with pytest.raises(AssertionError):
            run(step, failing("storeBusy"))


def test_a_call_that_was_begun_has_to_be_ended() -> None:
    with pytest.raises(AssertionError, match="ended"):
        run({"begin": "x"}, lambda *_: None)


def test_a_case_with_an_unknown_call_is_not_offered() -> None:
    face = Face(lambda *_: None)
    assert conformance.is_offered({"steps": [{"call": "getPersistentData"}]}, face)
    assert not conformance.is_offered({"steps": [{"call": "getPersistentData"}, {"call": "unknown"}]}, face)
    inside = {"call": "tokens.get", "refresh": [{"during": [{"call": "unknown"}], "gives": None}]}
    assert not conformance.is_offered({"steps": [inside]}, face)
