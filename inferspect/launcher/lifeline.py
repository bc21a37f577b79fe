"""Ties the life of a child process to its parent's, so that killing the launcher leaves nothing behind."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
UNPRIVILEGED = 65534  # `nobody`, which has an entry in the password file of every system
POLL_EVERY = 0.5


def die_with_parent(how: signal.Signals = signal.SIGKILL) -> None:
    """Have this process sent ``how`` when its parent ends, however it ends.

    Linux does it in the kernel; elsewhere a thread watches for the parent's id to change.
    """
    if sys.platform == "linux":
        _libc().prctl(PR_SET_PDEATHSIG, int(how), 0, 0, 0)
        return
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(POLL_EVERY)
        os.kill(os.getpid(), how)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


class Preparation:
    """Runs in a child between fork and exec: see :class:`subprocess.Popen`, ``preexec_fn``.

    Args:
        how: what the child is sent when the launcher ends; programs that are not ours cannot watch for themselves,
            so outside of Linux they are stopped by the next start instead.
        unprivileged: run as ``nobody`` where we are root, because PostgreSQL refuses to be root. The user is mapped
            in a namespace of the child's own, so the files stay ours and no folder needs to be opened to others.
    """

    def __init__(self, how: signal.Signals, *, unprivileged: bool = False) -> None:
        self._how = how
        self._unprivileged = unprivileged and os.geteuid() == 0
        self._parent = os.getpid()

    def __call__(self) -> None:
        if self._unprivileged:
            _become_nobody()
        if sys.platform == "linux":
            _libc().prctl(PR_SET_PDEATHSIG, int(self._how), 0, 0, 0)
            if os.getppid() != self._parent:
                os._exit(1)


def can_become_nobody() -> bool:
    """Whether this machine lets us map users in a namespace; asked before PostgreSQL is started as root."""
    child = os.fork()
    if child == 0:
        try:
            _become_nobody()
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def _become_nobody() -> None:
    user, group = os.getuid(), os.getgid()
    libc = _libc()
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{UNPRIVILEGED} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{UNPRIVILEGED} {group} 1", encoding="ascii")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
