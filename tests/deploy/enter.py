"""The inner half of `engine.py`: runs in new namespaces, puts a container together there, and
becomes its program. Takes a description as JSON in its only argument."""

import fcntl
import json
import os
import socket
import struct
import subprocess
import sys

SET_INTERFACE_FLAGS = 0x8914
IS_UP = 0x1


def mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


def main() -> None:
    plan = json.loads(sys.argv[1])
    root = plan["root"]
    with socket.socket() as any_socket:
        loopback = struct.pack("16sh14x", b"lo", IS_UP)
        fcntl.ioctl(any_socket, SET_INTERFACE_FLAGS, loopback)
    # The image's file system is not to be changed by what is mounted over it.
    mount("--bind", root, root)
    mount("-t", "proc", "proc", f"{root}/proc")
    for source, target, mode in plan["volumes"]:
        mount("--bind", source, f"{root}/{target}")
        if mode == "ro":
            mount("-o", "remount,bind,ro", f"{root}/{target}")
    if plan["is_read_only"]:
        mount("-o", "remount,bind,ro", root)
    os.chroot(root)
    os.chdir("/data")
    os.setgroups([])
    os.setgid(plan["gid"])
    os.setuid(plan["uid"])
    words = plan["entry"] + plan["arguments"]
    os.execve(words[0], words, plan["environment"])


main()
