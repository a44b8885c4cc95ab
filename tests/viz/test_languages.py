"""All words of the page in every language: none missing, none unused, none with a hole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from viz.languages import FIRST, HERE, TAGS, language

# What the model says in English itself; other languages have words for it under these beginnings.
OF_THE_MODEL = ("parameter-", "meaning-", "story-", "event-", "effect-", "unit-", "item-", "loan-", "collateral-")
VIZ = HERE.parent
SAID = re.compile(r"""["'`]([a-z]+(?:-[a-z0-9_]+)+)["'`]""")
FAMILY = re.compile(r"""["'`]([a-z]+(?:-[a-z0-9]+)*-)(?:\$?\{)""")  # f"kind-{name}", and `kind-${name}` in JavaScript
CALLED = re.compile(r"""(?:\.say|\bRefused|\bword)\(\s*(?:[a-z.]+, )?["'`]([a-z]+(?:-[a-z0-9_]+)+)["'`]""")


def sources() -> dict[Path, str]:
    return {path: path.read_text("utf-8") for kind in ("py", "js") for path in VIZ.rglob(f"*.{kind}")
            if "vendor" not in path.parts}  # fmt: skip


@pytest.mark.parametrize("tag", [tag for tag in TAGS if tag != FIRST])
def test_every_language_says_the_same_messages_with_the_same_values(tag: str) -> None:
    first, other = language(FIRST).variables, language(tag).variables
    known = {name: set(found) for name, found in first.items()}
    same = {name: set(found) for name, found in other.items() if not name.startswith(OF_THE_MODEL)}
    assert same == known


def test_every_message_in_the_code_is_there() -> None:
    for path, text in sources().items():
        for name in CALLED.findall(text):
            assert name in language(FIRST).variables, f"{path.name} says {name}"


def test_no_message_is_unused() -> None:
    text = "\n".join(sources().values())
    said, families = set(SAID.findall(text)), tuple(set(FAMILY.findall(text)))
    unused = [name for name in language(FIRST).variables if name not in said and not name.startswith(families)]
    assert unused == []


def test_an_unknown_message_and_a_missing_value_are_refused() -> None:
    speaker = language(FIRST)
    with pytest.raises(KeyError):
        speaker.say("no-such-message")
    with pytest.raises(ValueError, match="amount-percent takes"):
        speaker.say("amount-percent")
    with pytest.raises(ValueError, match="amount-percent takes"):
        speaker.say("amount-percent", amount=1, other=2)


@pytest.mark.parametrize(
    ("tag", "told"), [("en", "1.50 tn 12.3 bn 42 m 0"), ("ja", "1.50兆ドル 123億ドル 4,200万ドル 0")]
)
def test_amounts_are_told_in_the_units_of_the_language(tag: str, told: str) -> None:
    assert " ".join(language(tag).money(bn) for bn in (1500.0, 12.34, 0.042, 0.0)) == told
