"""The Python types of schema/types, which are made from the contract: they load, and answers are what they say."""

import importlib.util
import json
import os
import subprocess
from pathlib import Path
from typing import get_type_hints, is_typeddict

BINARY = os.environ["PLUGIN_VAULT_BIN"]
FILE = Path(__file__).parents[3] / "schema" / "types" / "plugin_vault.py"


def load():
    spec = importlib.util.spec_from_file_location("plugin_vault", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_type_can_be_resolved():
    types = [value for value in vars(load()).values() if is_typeddict(value)]
    assert len(types) > 50
    for one in types:
        assert get_type_hints(one) is not None


def test_an_answer_has_the_members_of_its_type():
    types = load()
    calls = [("vault/status", {}), ("vault/unlock", {"timeoutMs": True})]
    lines = [
        json.dumps({"jsonrpc": "2.0", "id": at, "method": method, "params": params})
        for at, (method, params) in enumerate(calls)
    ]
    run = subprocess.run([BINARY, "--temporary"], input="\n".join(lines), capture_output=True, text=True, timeout=30)
    answers = {answer["id"]: answer for answer in map(json.loads, run.stdout.splitlines())}
    status, error = answers[0]["result"], answers[1]["error"]
    assert types.Status.__required_keys__ <= set(status) <= set(types.Status.__annotations__)
    assert set(error["data"]) == set(types.InvalidParamsData.__annotations__)
    assert types.ERROR_CODES[error["data"]["kind"]] == error["code"]
