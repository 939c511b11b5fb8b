#!/usr/bin/env python3
"""Measures the Python package beside keyring's Secret Service backend, in one run: each round does each call once.

    dbus-run-session -- python benches/python.py PLUGIN_VAULT [ROUNDS]

It needs what editors/python/tests/requirements.txt names, and Debian's `gnome-keyring`. It prints a table in Markdown.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "editors" / "python" / "src"))


def start_keyring(home):
    """Starts a keyring daemon with an unlocked collection, in a home of its own."""
    os.environ.update(HOME=home, XDG_DATA_HOME=f"{home}/data", XDG_RUNTIME_DIR=f"{home}/run", XDG_CONFIG_HOME=f"{home}/config")
    for name in ("data", "run", "config"):
        os.mkdir(f"{home}/{name}", 0o700)
    command = ["gnome-keyring-daemon", "--unlock", "--components=secrets"]
    subprocess.run(command, input=b"pass", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


def calls():
    """Each call with its name, as a function of the round's number. The last member ends what was started."""
    from keyring.backends.SecretService import Keyring as SecretService

    from plugin_vault import AsyncVault, Vault
    from plugin_vault.keyring import Keyring

    service, ours = SecretService(), Keyring()
    vault = Vault(plugin="bench.notes").open()
    loop = asyncio.new_event_loop()
    waiting = AsyncVault(plugin="bench.notes")
    loop.run_until_complete(waiting.open())
    measured = {
        "keyring, Secret Service: set_password": lambda n: service.set_password("bench", "user", f"word {n}"),
        "keyring, plugin-vault: set_password": lambda n: ours.set_password("bench", "user", f"word {n}"),
        "Vault.set": lambda n: vault.set("user", {"word": n}),
        "AsyncVault.set": lambda n: loop.run_until_complete(waiting.set("user", {"word": n}, name="other")),
        "keyring, Secret Service: get_password": lambda n: service.get_password("bench", "user"),
        "keyring, plugin-vault: get_password": lambda n: ours.get_password("bench", "user"),
        "Vault.get": lambda n: vault.get("user"),
        "AsyncVault.get": lambda n: loop.run_until_complete(waiting.get("user", name="other")),
    }

    def end():
        loop.run_until_complete(waiting.close())
        vault.close()

    return measured, end


def main(program, rounds=200):
    os.environ["PLUGIN_VAULT_BIN"] = os.path.abspath(program)
    with tempfile.TemporaryDirectory(prefix="vault-bench-") as home:
        start_keyring(home)
        measured, end = calls()
        took = {name: [] for name in measured}
        for number in range(int(rounds) + 5):
            for name, call in measured.items():
                begun = time.perf_counter()
                call(number)
                took[name].append((time.perf_counter() - begun) * 1000)
        end()
    print(f"| call, {rounds} rounds | median, ms | p99, ms |\n|---|--:|--:|")
    for name, times in took.items():
        times = sorted(times[5:])
        print(f"| {name} | {statistics.median(times):.2f} | {times[int(len(times) * 0.99)]:.2f} |")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
