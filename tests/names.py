#!/usr/bin/env python3
"""Checks that a program finds a server by its name, in a root that has nothing but the program and the two files about names.

    unshare --net tests/names.py PROGRAM

One name is in /etc/hosts, the other one is known to the name server of /etc/resolv.conf. Both are answered here, on loopback.
"""

import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

PORT = 5432
HOSTS, SERVER = "hosts.test", "server.test"


def serve_names(names: socket.socket) -> None:
    """Answers the question for the IPv4 address of SERVER, and all others with nothing."""
    while True:
        query, sender = names.recvfrom(512)
        end = query.index(b"\0", 12) + 5
        (kind,) = struct.unpack(">H", query[end - 4 : end - 2])
        found = kind == 1 and query[12 : end - 4] == b"\x06server\x04test\0"
        head = query[:2] + struct.pack(">5H", 0x8180, 1, int(found), 0, 0)
        answer = struct.pack(">3HIH4B", 0xC00C, 1, 1, 60, 4, 127, 0, 0, 1) if found else b""
        names.sendto(head + query[12:end] + answer, sender)


def is_reached(root: Path, listener: socket.socket, name: str) -> bool:
    """Whether the program connects to the server of this name."""
    words = ["chroot", "--userspec=12345:12345", str(root), "/plugin-vault", "remote", "setup", f"postgres://me@{name}/db"]
    variables = {"PGPASSWORD": "x", "PLUGIN_VAULT_DATA_DIR": "/home/data", "PLUGIN_VAULT_KEY_DIR": "/home/keys"}
    program = subprocess.Popen(words, env=variables | {"PATH": os.environ["PATH"]}, stderr=subprocess.PIPE, text=True)
    try:
        connection, _ = listener.accept()
        connection.close()
        return True
    except TimeoutError:
        return False
    finally:
        program.kill()
        _, said = program.communicate()
        print(said.strip())


def main() -> int:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    names.bind(("127.0.0.1", 53))
    threading.Thread(target=serve_names, args=[names], daemon=True).start()
    listener = socket.create_server(("127.0.0.1", PORT))
    listener.settimeout(20)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        for name in ("etc", "home"):
            (root / name).mkdir()
        os.chown(root / "home", 12345, 12345)
        (root / "etc/hosts").write_text(f"127.0.0.1 {HOSTS}\n")
        (root / "etc/resolv.conf").write_text("nameserver 127.0.0.1\n")
        shutil.copy(sys.argv[1], root / "plugin-vault")
        missed = [name for name in (HOSTS, SERVER) if not is_reached(root, listener, name)]
    for name in missed:
        print(f"{name} was not reached")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
