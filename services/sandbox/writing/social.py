"""The writing of the agent "Social post"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.sandbox.choice import Chooser
from services.sandbox.writing.text import Text, hashtag


@dataclass(frozen=True)
class Channel:
    """What a post on one channel is made of; `{product}` and `{audience}` stand for the inputs."""

    hooks: Sequence[str]
    bodies: Sequence[str]
    calls: Sequence[str]
    tags: Sequence[str]
    tag_count: int


CHANNELS = {
    "LinkedIn": Channel(
        hooks=(
            "We asked {audience} what was missing. The answers surprised us.",
            "Three years ago, {product} was a sketch on a café napkin.",
            "“Do we really need this?” It is the best question anyone asked about {product}.",
            "A word to {audience}: your time is worth more than you are told.",
            "What does it take to build something people recommend? For {product}, it took listening.",
        ),
        bodies=(
            "**{product}** is our answer:\n\n→ less to explain,\n→ less to maintain,\n→ more time for what counts.",
            "So we built **{product}** around one idea — make the right thing the easy thing. "
            "The first teams who tried it did not want to give it back.",
            "What we learned while making **{product}**:\n\n1. Start with the problem, not the feature.\n"
            "2. Ask early, ask often.\n3. Leave out what nobody would miss.",
            "**{product}** does not promise a revolution. It promises a better Tuesday, and then it keeps the promise.",
        ),
        calls=(
            "What would you do with the time you gain? Tell us below.",
            "Curious? The link is in the first comment.",
            "How do you solve this today? We read every answer.",
            "If you know someone who needs this, tag them — they will thank you.",
        ),
        tags=("#Marketing", "#ProductDesign", "#Leadership", "#CustomerExperience", "#Innovation"),
        tag_count=2,
    ),
    "Instagram": Channel(
        hooks=(
            "POV: {product} just moved in. ✨",
            "Okay, {audience}, this one’s for you. 💛",
            "Swipe if you’ve ever said “just one more” →",
            "Golden hour, good coffee, and {product}. ☀️",
            "Tell us you love it without telling us you love it. We’ll go first: {product} 😍",
        ),
        bodies=(
            "**{product}** is here — made for soft light, long evenings, and people who notice the details.",
            "New in: **{product}**. Looks like a treat, works like a charm, très chic on every shelf.",
            "Some days need a little extra. **{product}** happens to be exactly that.",
            "We couldn’t keep **{product}** to ourselves any longer. (We tried. It lasted eleven minutes.)",
        ),
        calls=(
            "Save this for later — or tap the link in bio. 💌",
            "Which one would you choose? Tell us in the comments 👇",
            "Tag the friend who needs to see this.",
            "Double tap if you’d make room for it. 🤍",
        ),
        tags=("#NewIn", "#SmallJoys", "#DesignLovers", "#TreatYourself", "#MadeWithCare", "#WeekendMood"),
        tag_count=4,
    ),
    "X": Channel(
        hooks=(
            "New: **{product}**.",
            "Hot take: {audience} deserve better. So, **{product}**.",
            "**{product}** is out now.",
            "Everyone: “nobody needs another one.” Us: **{product}**.",
            "You asked. We listened. **{product}** is here.",
        ),
        bodies=(
            "Less fuss, more “finally”.",
            "It does one thing — the one you wanted.",
            "Small change, big sigh of relief.",
            "Yes, it really is that simple.",
        ),
        calls=("Take a look 👇", "Your thoughts?", "Link below.", "Go on, be first."),
        tags=("#Launch", "#NewRelease", "#OutNow"),
        tag_count=1,
    ),
    "Facebook": Channel(
        hooks=(
            "Good news for {audience}!",
            "Have you met {product} yet?",
            "Some things are worth waiting for. {product} is one of them. 🎈",
            "Quick question, friends: what would make your week a little easier?",
            "It’s finally here, and we are more than a little excited…",
        ),
        bodies=(
            "**{product}** has arrived, and the first of you are already telling us “why didn’t this exist before?”. "
            "We’re not crying, you’re crying.",
            "Say hello to **{product}** — friendly, practical, and ready for family life at its liveliest.",
            "We put a lot of heart into **{product}**, and a fair amount of late-night pizza, too. "
            "We hope you’ll like it as much as we do.",
            "**{product}** makes the everyday run smoother, so there’s more room for the parts you enjoy.",
        ),
        calls=(
            "Drop by this week, or order from your couch: the link is below.",
            "Share this with someone who’d love it!",
            "Tell us in the comments how you’d use it. The nicest idea wins a little surprise. 🎁",
            "Questions? Just ask, we’re right here.",
        ),
        tags=("#JustArrived", "#FamilyTime", "#LocalLove", "#GoodThings"),
        tag_count=1,
    ),
}
"""The channels by the choices of the input "Channel"."""

EVERYONE = "people like you"


def write(inputs: Mapping[str, Sequence[str]], chooser: Chooser) -> Text:
    """Return a post for one channel, from "Product", "Channel" and, if given, "Audience"."""
    product, name = inputs["Product"][0].strip(), inputs["Channel"][0]
    audience = inputs.get("Audience", (EVERYONE,))[0].strip()
    channel = CHANNELS[name]
    tags = [hashtag(product), *chooser.some(channel.tags, channel.tag_count)]
    parts = [chooser.one(channel.hooks), chooser.one(channel.bodies), chooser.one(channel.calls), " ".join(tags)]
    post = ("\n" if name == "X" else "\n\n").join(parts)
    return Text(f"{name} post: {product}", _filled(post, product, audience))


def _filled(post: str, product: str, audience: str) -> str:
    return audience.join(piece.replace("{product}", product) for piece in post.split("{audience}"))
