"""Processes of our own that read what may be huge or hostile, so that it harms neither the server nor its users."""

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

_ROOT = Path(__file__).parents[1]
_INHERITED_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME", "SYSTEMROOT", "TEMP")  # not the API key
_NICENESS = 5  # the server's pages come first


def start(module: str, *arguments: str, stderr: int | IO[bytes]) -> subprocess.Popen[str]:
    """Start `python -m module` with pipes for its input and output, and without the server's settings and secrets."""
    environment = {name: os.environ[name] for name in _INHERITED_VARIABLES if name in os.environ}
    paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(  # noqa: S603 (no user input in the command)
        [sys.executable, "-P", "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        encoding="utf-8",
        env={**environment, "PYTHONPATH": os.pathsep.join(paths)},
    )


def restrict(memory: int, cpu: int | None = None) -> None:
    """Have the operating system end this process when it uses too much; Windows has no such limits.

    Args:
        memory: bytes of address space, and of any file that it writes.
        cpu: seconds of processor time; without one, whoever started the process has to watch the clock.
    """
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (memory, memory))
    if cpu is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 5))
    if sys.platform == "linux":  # macOS doesn't support it
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    os.nice(_NICENESS)
