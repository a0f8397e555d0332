"""The writing of the agent "Brief summary"; the brief itself is never opened."""

from collections.abc import Mapping, Sequence

from services.sandbox.choice import Chooser
from services.sandbox.writing.text import Text, capital, listed, subject

LENGTHS = {"Short": 0, "Medium": 2, "Long": 4}
"""The choices of the input "Length", and how many sections each adds to the gist."""

GISTS = (
    "The brief asks for a campaign that makes a familiar product feel new again, without losing those who love it.",
    "At its heart is one wish: fewer messages, said better, and in the places where people decide.",
    "The team wants to move from “we have everything” to “we have the right thing for you”.",
    "A launch in two waves — first to customers who know the brand, then to everyone who should.",
    "The task is a clear story for the fall season: one idea, three formats, no jargon.",
)

SECTIONS = {
    "Goal": (
        "Raise unaided awareness by 8 points within two quarters, and turn it into trials.",
        "Win back lapsed customers; a 15% reactivation rate would count as success.",
        "Make the new range the first thing people name when asked about the category.",
    ),
    "Audience": (
        "Urban, 28 to 45, short of time and fond of quality; they read labels, and they share what they find.",
        "Buyers in small and mid-sized firms who compare three offers and trust a colleague’s word most.",
        "Young families who plan the week on a Sunday evening, “with one eye open”.",
    ),
    "Message": (
        "“You already know what’s good. We make it easier.”",
        "“Made for Tuesdays” — the everyday as the real occasion.",
        "“Less to think about.” Every asset should end there.",
    ),
    "Tone": (
        "Friendly and precise; humor is welcome, irony is not. Think café conversation, not keynote.",
        "Confident, never loud. Short sentences, strong verbs, no superlatives.",
        "Warm and matter-of-fact, with a little naïveté where it charms.",
    ),
    "Deliverables": (
        "- Key visual and two variants\n- Landing page, about 400 words\n- Six social posts, three of them animated",
        "- One film of 20 seconds, cut to 6\n- Newsletter series in four parts\n- Shelf cards for retail",
        "- Messaging house\n- Press release and Q&A\n- Display set in five sizes",
    ),
}

QUESTIONS = (
    "Who signs off the final wording, and by when?",
    "Do we keep last year’s tagline, or can it go?",
    "Does the budget include media, or production only?",
    "Which markets come second, and do they need their own visuals?",
)


def write(inputs: Mapping[str, Sequence[str]], chooser: Chooser) -> Text:
    """Return a summary in Markdown, from "Brief" (the files' names) and, if given, "Length"."""
    topics = [topic for topic in map(subject, inputs["Brief"]) if topic]
    about = capital(listed(topics)) or "Campaign brief"
    parts = [f"## {about}", chooser.one(GISTS)]
    count = LENGTHS[inputs.get("Length", ("Medium",))[0]]
    chosen = chooser.some(list(SECTIONS), count)
    parts += [f"**{name}**\n\n{chooser.one(told)}" for name, told in SECTIONS.items() if name in chosen]
    parts.append(f"*Open question:* {chooser.one(QUESTIONS)}")
    return Text(f"Summary: {about}", "\n\n".join(parts))
