"""The process that looks into files: requests on standard input and answers on standard output, as JSON lines.

A request is `{"words": path, "media_type": type}` or `{"thumbnail": path, "into": path, "box": [width, height]}`. The
answer is `{"answer": ...}`: the number of words or null, and whether there is a thumbnail now.
"""

import json
import sys
from pathlib import Path

from services import child
from services.files.reader import MAX_MEMORY_BYTES
from services.files.thumbnails import draw
from services.files.words import count


def main() -> None:
    """Answer requests until there are no more."""
    child.restrict(MAX_MEMORY_BYTES)
    for line in sys.stdin:
        request = json.loads(line)
        answer: object
        if "words" in request:
            answer = count(Path(request["words"]), request["media_type"])
        else:
            width, height = request["box"]
            answer = draw(Path(request["thumbnail"]), Path(request["into"]), (width, height))
        print(json.dumps({"answer": answer}), flush=True)  # noqa: T201 (standard output is the pipe)


if __name__ == "__main__":
    main()
