"""The writing of the agent "Image alt text"; the image itself is never looked at."""

from collections.abc import Mapping, Sequence

from services.sandbox.choice import Chooser
from services.sandbox.writing.text import Text, capital, subject, with_article

SUBJECTS = (
    "two colleagues laughing over a laptop in a bright café",
    "a steaming cup of tea beside an open notebook",
    "a woman in a yellow raincoat crossing a cobblestone street",
    "hands kneading dough on a floured wooden table",
    "a bicycle with a wicker basket leaning against a blue door",
    "a row of houseplants on a sunny windowsill",
    "a small team gathered around a wall of paper sketches",
    "a father and his daughter packing a backpack in a hallway",
)

VIEWS = (
    "Close-up of {subject}, {light}.",
    "{subject}, seen from above, {light}.",
    "View over the shoulder of someone looking at {subject}, {light}.",
    "{subject} in the foreground, the background softly out of focus, {light}.",
    "Wide shot: {subject}, {light}.",
)

LIGHTS = (
    "in warm morning light",
    "against a plain gray wall",
    "lit from the left",
    "with long evening shadows",
    "in the soft light of an overcast day",
    "with a touch of green at the edge",
)

CAPTIONS = (
    "“It’s the details that make the day.”",
    "“Where good ideas start — usually before the second espresso.”",
    "“A moment’s pause, à la carte.”",
    "“Simple, honest, and right where it belongs.”",
    "“Seen, liked, kept.”",
)


def write(inputs: Mapping[str, Sequence[str]], chooser: Chooser) -> Text:
    """Return an alt text and a caption, from "Image" (its file's name) and, if given, "Page topic"."""
    named = subject(inputs["Image"][0])
    shown = with_article(named) if named else chooser.one(SUBJECTS)
    view, light = chooser.one(VIEWS), chooser.one(LIGHTS)
    alt = capital(view.replace("{light}", light).replace("{subject}", shown))
    caption = chooser.one(CAPTIONS)
    topic = inputs.get("Page topic", ("",))[0].strip()
    if topic:
        caption = f"{caption} — {capital(topic)}"
    return Text(f"Alt text: {capital(named or shown)}", f"**Alt text:** {alt}\n\n**Caption:** {caption}")
