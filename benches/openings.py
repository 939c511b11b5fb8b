#!/usr/bin/env python3
"""Measures how long it takes to open a store: from starting the process to its first answer with the store open.

    python3 benches/openings.py PLUGIN_VAULT [MEBIBYTES[:KIBIBYTES]...]

For each size a store of records of 1 KiB, or of as many as stand behind the colon, and the median of 9 openings: after an orderly end; after an orderly end and
a touch of the file, which leaves no record that holds; after a kill.
"""

import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

KEY = "0123456789abcdef0123456789abcdef01234567"
ROUNDS = 9


def start(program, folder):
    command = [program, "--data-dir", f"{folder}/data", "--key-dir", f"{folder}/keys", "--max-records", "100000000"]
    command += ["--max-store-bytes", str(1 << 36), "--max-namespace-bytes", str(1 << 36)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def line(method, params, number=1):
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode() + b"\n"


def open_store(program, folder):
    begun = time.monotonic()
    process = start(program, folder)
    process.stdin.write(line("setAPIKey", [KEY]))
    process.stdin.flush()
    answer = json.loads(process.stdout.readline())
    took = time.monotonic() - begun
    assert "result" in answer, answer
    return process, took


def end(process):
    process.stdin.close()
    assert process.wait() == 0


def fill(program, folder, mebibytes, kibibytes):
    process, _ = open_store(program, folder)
    text = "x" * (kibibytes * 1024 - 100)
    count, group = mebibytes * 1024 // kibibytes, max(1, min(400, 8192 // kibibytes))
    for first in range(0, count, group):
        for number in range(first, first + group):
            address = {"context": "user", "name": f"n{number}", "data": {"text": text}}
            process.stdin.write(line("setPersistentData", address))
        process.stdin.flush()
        for _ in range(group):
            assert b"result" in process.stdout.readline()
    end(process)


def median(program, folder, before):
    times = []
    for _ in range(ROUNDS):
        before()
        process, took = open_store(program, folder)
        times.append(took)
        end(process)
    return statistics.median(times) * 1000


def main():
    program, sizes = os.path.abspath(sys.argv[1]), sys.argv[2:] or ["100", "1024"]
    for size in sizes:
        mebibytes, _, kibibytes = size.partition(":")
        folder = tempfile.mkdtemp(prefix="openings-")
        try:
            fill(program, folder, int(mebibytes), int(kibibytes or 1))
            data = f"{folder}/data/data.mdb"

            def kill():
                process, _ = open_store(program, folder)
                process.send_signal(signal.SIGKILL)
                process.wait()

            real = os.stat(data).st_size / (1 << 20)
            print(f"{size} MiB ({real:.0f} MiB on the disk), in ms:", flush=True)
            for name, before in (("orderly", lambda: None), ("touched", lambda: os.utime(data)), ("killed", kill)):
                print(f"  {name}: {median(program, folder, before):.1f}", flush=True)
        finally:
            shutil.rmtree(folder)


main()
