"""The conformance suite, with both classes."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Dict, Iterator

import pytest
from conformance import is_offered, keep_outcomes, load_cases, run_case, title
from conftest import World
from faces import Asynchronous, Blocking

FACES = {"editors/python": Blocking, "editors/python, asyncio": Asynchronous}


@pytest.fixture(scope="module", params=FACES)
def face(request: Any) -> Iterator[Any]:
    """One store for all cases of a class: each case has names of its own."""
    with tempfile.TemporaryDirectory(prefix="vault-python-") as top:
        world = World(Path(top).resolve())
        face = FACES[request.param](world)
        face.outcomes = {title(case): "not offered" for case in load_cases()}
        yield face
        face.close()
        keep_outcomes(request.param, face.outcomes)
        world.close()


@pytest.mark.parametrize("case", [pytest.param(case, id=title(case)) for case in load_cases()])
def test_case(face: Any, case: Dict[str, Any]) -> None:
    if not is_offered(case, face):
        return
    face.outcomes[title(case)] = "failed"
    run_case(case, face)
    face.outcomes[title(case)] = "passed"
