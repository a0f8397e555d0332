"""The browser of the tests: the machine's Chromium, or one that its package manager or Playwright can bring.

`python -m tests.support.browser` brings one where there is none.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""What lets Chromium run as root and keeps it from calling home."""


def find() -> str | None:
    """The path of a Chromium, or None."""
    for name in _NAMES:
        path = shutil.which(name)
        if path:
            return path
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def bring() -> None:
    """Install one: by the system's package manager where we may, else by Playwright."""
    root = [] if os.getuid() == 0 else ["sudo", "-n"]
    if shutil.which("apt-get"):
        subprocess.run([*root, "apt-get", "update", "-qq"], check=False)
        subprocess.run([*root, "apt-get", "install", "-y", "-qq", "chromium"], check=False)
    if find() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> None:
    """Bring a browser if there is none, and say what the tests will do."""
    if find() is None:
        bring()
    if find() is None:
        print("No Chromium was found and none could be installed: the browser tests will be skipped.")  # noqa: T201


if __name__ == "__main__":
    main()
