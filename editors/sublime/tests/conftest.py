"""The store of each test is that of the tests of the Python package."""

import sys
from pathlib import Path

EDITORS = Path(__file__).parents[2]
sys.path[:0] = [str(Path(__file__).parent / "stub"), str(EDITORS / "python" / "src")]

from importlib.util import module_from_spec, spec_from_file_location  # noqa: E402

_spec = spec_from_file_location("python_conftest", EDITORS / "python" / "tests" / "conftest.py")
assert _spec is not None
assert _spec.loader is not None
_module = module_from_spec(_spec)
_spec.loader.exec_module(_module)
Relay, World, world = _module.Relay, _module.World, _module.world
