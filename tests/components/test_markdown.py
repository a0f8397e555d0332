"""Suggestions as safe HTML and as plain text."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from components.markdown import TAGS, to_html, to_plain


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (
            "One *two* **three** ~~four~~ `a < b`",
            "<p>One <em>two</em> <strong>three</strong> <s>four</s> <code>a &lt; b</code></p>",
        ),
        ("First line\nsecond line", "<p>First line<br>second line</p>"),
        ("# Title\n## Part\n#### Detail\n###### Note", "<h3>Title</h3><h4>Part</h4><h6>Detail</h6><h6>Note</h6>"),
        ("### Part\n#### Detail", "<h3>Part</h3><h4>Detail</h4>"),
        ("- a\n  1. b\n- c", "<ul><li>a<ol><li>b</li></ol></li><li>c</li></ul>"),
        ("3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'),
        ("> quoted", "<blockquote><p>quoted</p></blockquote>"),
        ("a\n\n---\n\nb", "<p>a</p><hr><p>b</p>"),
        ("```html\n<b>\n```", "<pre><code>&lt;b&gt;\n</code></pre>"),
        (
            "|Size|Fit|\n|:-:|-|\n|S|*Snug*|",
            "<table><thead><tr><th>Size</th><th>Fit</th></tr></thead><tbody><tr><td>S</td><td><em>Snug</em></td></tr></tbody></table>",
        ),
    ],
)
def test_markdown_is_rendered(text: str, html: str) -> None:
    assert to_html(text) == html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("[shop](https://x.example/?a=1&b=2)", "<p>shop <small>(https://x.example/?a=1&amp;b=2)</small></p>"),
        ("<https://x.example>", "<p>https://x.example</p>"),
        ("![A *red* mug](https://x.example/a.png)", "<p>Image: A red mug <small>(https://x.example/a.png)</small></p>"),
        ("[**a** [b](/c)](/d)", "<p>[<strong>a</strong> b <small>(/c)</small>](/d)</p>"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ("<script>x</script> <b onclick='y'>", "<p>&lt;script&gt;x&lt;/script&gt; &lt;b onclick=&#x27;y&#x27;&gt;</p>"),
        (":red[x] :material/home: $a$", "<p>:red[x] :material/home: $a$</p>"),
        ("[Note]: read this\n\n[Note]", "<p>[Note]: read this</p><p>[Note]</p>"),
        ("&lt;b&gt; &copy;", "<p>&lt;b&gt; ©</p>"),
    ],
)
def test_links_and_images_show_where_they_lead_and_everything_else_stays_text(text: str, html: str) -> None:
    assert to_html(text) == html


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("## Soft\n\n- **Warm**, *light*\n- un**believ**able", "Soft Warm, light unbelievable"),
        ("|a|b|\n|-|-|\n|1|2|", "a b 1 2"),
        ("a\nb  c\n\n```\nd < e\n```", "a b c d < e"),
        ("see [the lens](https://x.example) and ![it](y)", "see the lens and Image: it"),
        ("cut in **the middle of", "cut in the middle of"),
        ("cut in [a lin", "cut in a lin"),
        ("cut in [a link](https://x.exa", "cut in a link"),
        ("5 ** 3, snake_case, [x] y", "5 ** 3, snake_case, [x] y"),
        ("", ""),
    ],
)
def test_plain_text_has_no_marks_not_even_those_that_a_cut_left_open(text: str, plain: str) -> None:
    assert to_plain(text) == plain


HOSTILE = st.lists(
    st.sampled_from(
        [
            *(
                "<script>",
                "</script>",
                "<img src=x onerror=y>",
                "<a href='z'>",
                "<!--",
                "-->",
                "<![CDATA[",
                "<?",
                "&#60;b&#62;",
            ),
            *("[", "]", "(", ")", "](", "![", "![a](http://c)", "[a](javascript:b)", "[a]: http://c", "<http://c>"),
            *("*", "**", "_", "~~", "`", "```", "\n", "\n\n", "    ", "- ", "1. ", "99999999. ", "# ", "###### ", "> "),
            *(
                "|",
                "|-|-|\n",
                "---\n",
                "===\n",
                "\\",
                "\x00",
                "\u2028",
                "\u202e",
                '"',
                "'",
                "&",
                "<",
                ">",
                "=",
                "a",
                "é",
                "👩‍👧",
            ),
        ]
    )
    | st.text(max_size=4),
    max_size=40,
).map("".join)


class Reader(HTMLParser):
    """Reads the HTML as a browser would."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        assert all(tag == "ol" and name == "start" and re.fullmatch(r"\d+", value or "") for name, value in attrs)
        if tag not in ("br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError("a declaration")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError("a declaration")

    def handle_pi(self, data: str) -> None:
        raise AssertionError("a processing instruction")


@given(HOSTILE)
@example('<img src=x onerror="alert(1)">')
@example('![" onload="x](http://a "b")')
@example('```" onclick=x\n<b>\n```')
@example("[a](http://b\"onclick='c)")
def test_no_hostile_text_gets_a_tag_or_an_attribute_in(text: str) -> None:
    reader = Reader()
    reader.feed(to_html(text))
    reader.close()
    assert reader.open == []


@given(st.text(st.characters(categories=["L", "N", "Zs"]), max_size=60))
def test_text_without_marks_loses_nothing(text: str) -> None:
    reader = Reader()
    reader.feed(to_html(text))
    reader.close()
    assert reader.words.split() == text.split() == to_plain(text).split()
