"""The writing of the agent "Product description"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.sandbox.choice import Chooser
from services.sandbox.writing.text import Text, capital, fragments


@dataclass(frozen=True)
class Voice:
    """How one tone speaks; `{name}` stands for the product."""

    titles: Sequence[str]
    openers: Sequence[str]
    bodies: Sequence[str]
    leads: Sequence[str]
    """What comes before a list of features."""
    closers: Sequence[str]
    bullets: bool
    """Whether the features may stand one below the other."""


VOICES = {
    "Warm": Voice(
        titles=("{name}, made for every day", "A little comfort: {name}", "Come home to {name}"),
        openers=(
            "Some things make a place feel lived in. **{name}** is one of them.",
            "Meet **{name}** — for slow mornings, full tables, and everything in between.",
            "There is a quiet joy in things made with care, and **{name}** has plenty of it.",
            "You know the feeling of the first sip of café au lait on a Sunday? We had it in mind for **{name}**.",
            "A small kindness to yourself, or to someone you love: **{name}**.",
            "We made **{name}** for real life: the good days, the messy ones, and all that lie between.",
        ),
        bodies=(
            "It fits into your day without asking for attention, and you will miss it the moment it is not there.",
            "Nothing about it shouts. It simply does its part, day after day, and grows on you.",
            "Give it a place near you; it will earn it, one ordinary afternoon after another.",
            "Every detail is there for a reason, and that reason is usually you.",
        ),
        leads=(
            "Why you’ll love it:",
            "The little things we fussed over:",
            "What makes it feel right:",
            "Made with you in mind:",
        ),
        closers=(
            "Go on — say “welcome home” to it.",
            "Lovely to give, and even lovelier to keep.",
            "Take your time with it. It was made that way, too. ☕",
            "From our hands to yours, with love.",
            "Because “good enough” never made anyone smile.",
        ),
        bullets=True,
    ),
    "Expert": Voice(
        titles=("{name}: the details that count", "Inside {name}", "{name}, considered"),
        openers=(
            "**{name}** is what happens when a specification is taken seriously.",
            "Judge **{name}** by what most people never look at: origin, material, finish.",
            "Ask a professional what matters, and you arrive at **{name}**.",
            "With **{name}**, the difference is measurable — and you notice it in use, not on paper.",
            "**{name}** was developed from the inside out: function first, form as its consequence.",
            "Few products reward a closer look. **{name}** does.",
        ),
        bodies=(
            "Nothing about it was left to chance, and nothing was added for show.",
            "The result is consistent, predictable performance, whatever the day asks of it.",
            "There is no single trick behind it, only a series of sound decisions, each tested in use.",
            "It holds its own in demanding hands, and asks for very little in return.",
        ),
        leads=("Key specifications:", "What sets it apart:", "Worth knowing:", "At a glance:"),
        closers=(
            "The right choice where “almost” is not an option.",
            "Chosen by those who can tell the difference.",
            "A choice you won’t have to make twice.",
            "Questions? Our specialists answer them with pleasure.",
            "In short: well thought out, and well made.",
        ),
        bullets=True,
    ),
    "Playful": Voice(
        titles=("Say hello to {name}!", "{name}? Yes, please!", "Uh-oh, it’s {name}"),
        openers=(
            "Warning: **{name}** may cause sudden outbreaks of “ooh, where did you get that?”",
            "Plot twist! Your Monday just got **{name}**.",
            "Knock, knock. Who’s there? **{name}** — and it brought snacks. (Snacks not included.)",
            "If fun had a shopping list, **{name}** would be at the top, underlined twice.",
            "Dear diary, today I met **{name}**, and nothing will ever be beige again.",
            "Some people collect stamps. You, clearly, have better taste: **{name}**.",
        ),
        bodies=(
            "It doesn’t do the dishes (we asked), but it makes everything around it a whole lot jollier.",
            "Equal parts clever and cheeky, and just the right amount of “why not?”.",
            "Side effects: humming, happy dances, and friends who “just happened to be nearby”.",
            "Serious design went into it. Then we added the silly bits. You’re welcome.",
        ),
        leads=("The good stuff:", "Psst, look what it’s got:", "Reasons to grin:", "Ta-da:"),
        closers=(
            "Go on, you know you want to. 🎉",
            "Life’s short — take the fun one.",
            "Batteries of joy included, naïve optimism optional.",
            "Add to cart; do the happy dance; repeat.",
            "Ready when you are, sunshine!",
        ),
        bullets=True,
    ),
    "Bold": Voice(
        titles=("{name}. No compromise.", "Own it: {name}", "{name} changes the game"),
        openers=(
            "Forget what you settled for. **{name}** is here.",
            "**{name}** doesn’t blend in. Neither do you.",
            "Ordinary had its chance. Now it’s time for **{name}**.",
            "This is not an update. This is **{name}** — and everything before it looks like a draft.",
            "Make room. **{name}** walks in, and the conversation changes.",
            "You don’t wait for permission, and **{name}** won’t ask for it.",
        ),
        bodies=(
            "No fuss. No fillers. Only what it takes to do the job better than anything beside it.",
            "It was built for people who decide fast and look back never.",
            "Push it, pack it, put it to work: it answers every time.",
            "We took “impossible” as a brief, and delivered early.",
        ),
        leads=("The facts:", "What you get:", "Built in:", "Proof:"),
        closers=(
            "Your move.",
            "Claim yours — before everyone else does.",
            "Dare to be the one who had it first.",
            "Settle for nothing less. Ever.",
            "Go big. Then go further. 🔥",
        ),
        bullets=True,
    ),
    "Minimal": Voice(
        titles=("{name}", "{name} — simply", "Just {name}"),
        openers=(
            "**{name}**. Everything it needs, nothing it doesn’t.",
            "**{name}**. Calm, clear, useful.",
            "Less noise, more **{name}**.",
            "**{name}** — reduced to what matters.",
            "One thing, done well: **{name}**.",
            "**{name}**. Quiet by design.",
        ),
        bodies=(
            "Use it. Forget it. Rely on it.",
            "Good form needs few words.",
            "It works. That is the idea.",
            "Made to last, made to disappear into your day.",
        ),
        leads=("In short:", "The essentials:", "Details:", "Inside:"),
        closers=(
            "That’s all.",
            "Nothing more to add.",
            "Enough said.",
            "Simple, like a good idea.",
            "“Less” was the plan.",
        ),
        bullets=False,
    ),
}
"""The voices by the choices of the input "Tone"."""


def write(inputs: Mapping[str, Sequence[str]], chooser: Chooser) -> Text:
    """Return a product description in Markdown, from "Product name", "Tone" and, if given, "Key features"."""
    name, voice = inputs["Product name"][0].strip(), VOICES[inputs["Tone"][0]]
    features = fragments(inputs.get("Key features", ()))

    def one(options: Sequence[str]) -> str:
        return chooser.one(options).replace("{name}", name)

    parts = [one(voice.openers), one(voice.bodies)]
    if features:
        parts.append(_features(features, voice, chooser))
    parts.append(one(voice.closers))
    return Text(one(voice.titles), "\n\n".join(parts))


def _features(features: Sequence[str], voice: Voice, chooser: Chooser) -> str:
    lead = chooser.one(voice.leads)
    if voice.bullets and len(features) > 1 and chooser.one((True, True, False)):
        return "\n".join([lead, "", *(f"- {capital(feature)}" for feature in features)])
    return f"{lead} {' · '.join(features)}"
