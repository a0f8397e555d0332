"""Writer's API in miniature, for trying and testing Copydesk without a key.

It shares no code with the client in `services.writer.client`: a mistake in one must show against the other.
Serve it with `python -m services.sandbox`, or call it in process through `httpx.ASGITransport(create_app(path))`.
"""

from services.sandbox.app import create_app
from services.sandbox.options import SandboxOptions

__all__ = ["SandboxOptions", "create_app"]
