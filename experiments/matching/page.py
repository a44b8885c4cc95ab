"""What a matching found, in words and tables: as Markdown, and as data for a script."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from abm.calibration import DEFAULT_OPENING
from experiments.analysis.intervals import Estimate, Floats
from experiments.matching.learnt import EXPLAINS, FLOOR, MOVED, NARROWED, untold
from experiments.matching.observe import past
from experiments.matching.plausible import LEFT_OUT, NEAREST
from experiments.matching.studies import STATED, Match, beliefs, numbers
from experiments.matching.synthetic import BANDS
from experiments.matching.targets import LABELS, LINEAR, LOG, Reading, by_target, forecasters_error
from experiments.matching.tilt import asked_rate
from experiments.page import Told, markdown_sections
from experiments.screen import counted
from experiments.summary import number

TITLE = "Which worlds could be ours"
ANEW = "With `--page FILE` it writes this page, with `--table FILE` the worlds: the same bytes for the same version."
MOST_NAMED = 30
MOST_WEIGHTS = 10  # named in the table
MOST_SAID = 8  # named in a sentence
OFF = 2.0  # implausibility from which a target counts as missed by the kept draws


def command(m: Match) -> str:
    """The call that makes these numbers."""
    return f"invisible-debt match --draws {m.draws} --truths {m.truths} --trajectories {m.trajectories}"


def about(m: Match) -> str:
    """How the runs were made, in a sentence."""
    screened = m.trajectories * (len(numbers()) + 1)
    return (
        f"{m.draws:,} draws of what is believed, {m.truths:,} of them run again with another luck, and {screened:,}"
        f" runs of the screening; each run is two, from {past()} through the year that is known and from"
        f" {DEFAULT_OPENING} eight years ahead. {counted(m.failed, 'draw')} ended in an error. Beliefs: SHA-256"
        f" {beliefs()[:16]}. Results: {m.digest}."
    )


def glance(m: Match) -> list[str]:
    """What was found, a sentence each."""
    told = sum(one.told for one in m.learnt)
    names = untold(m.learnt, m.weights)
    return [
        f"- **Kept:** {len(m.seeds):,} draws, {100.0 * m.share:.0f} % of those run. Their numbers are the table"
        f" `abm/calibration/openings/{DEFAULT_OPENING}/worlds.csv`, from which seeds draw.",
        f"- **Weighed:** borrowers default at {m.rates[0]:.1f} % a year in the mean draw, {m.rates[1]:.1f} % in the"
        f" mean kept one, and {m.rates[2]:.1f} % ({asked_rate():.1f} asked) as they are weighed:"
        f" {len(set(m.seeds.tolist())):,} of them stand in the table, once or more often, and tell as much as"
        f" {m.effective:,.0f} of equal weight.",
        f"- **The model's own error:** {100.0 * m.yardstick.error:.0f} % of every reading; forecasters were off by"
        f" {100.0 * forecasters_error():.0f} % in the year that is known.",
        f"- **On truths that are known:** {100.0 * STATED:.0f} % are to be kept, {_percent(m.tested.kept)} are. The"
        f" median truth keeps {100.0 * m.tested.share:.0f} % of the draws.",
        f"- **Learnt:** something of {told} of {len(m.learnt)} uncertain numbers; of the other"
        f" {len(m.learnt) - told} the data say nothing, {_of_which(names)}.",
    ]


def _of_which(names: Sequence[str]) -> str:
    if not names:
        return "and none of them explains a hundredth of what lies ahead"
    return (
        f"{len(names)} of which explain a hundredth or more of something that lies ahead, most of all"
        f" {', '.join(map(_short, names[:MOST_SAID]))}"
    )


def how() -> list[str]:
    """How to read it, a sentence each."""
    return [
        "- **Distance:** of a draw, the mean over targets of the squared difference between what it says and what is"
        " known, over its variance: twice that of luck (what happened had its own), that of what is known, and the"
        f" model's own error. The targets in which it is furthest off, {100.0 * LEFT_OUT:.0f} %, are left out: what the"
        " model cannot do at all must not choose its worlds.",
        "- **The model's own error** is one number, relative, for all readings: such that the nearest draws,"
        f" {100.0 * NEAREST:.0f} %, are as far from what is known as the variances say.",
        "- **Forecasts** count with the width of their range and with the error that forecasters made in the year that"
        " is known, which grows with the root of the years ahead. One that speaks of a firm which has failed by then"
        " says nothing.",
        f"- **Kept** is what is no further off than {100.0 * STATED:.0f} % of truths: draws run with another luck,"
        " whose data have errors drawn as the variances say. Each half of them is tested with the distance that the"
        " other half asks for.",
        "- **Weighed:** how often borrowers default is known of many firms and years (R8-004, G3-056), so that it binds"
        " the kept draws together: with the weights nearest to equal ones (least relative entropy) under which their"
        " mean default rate is the middle of what agencies found. What follows is of the draws as weighed.",
        "- The kept draws are a set that the data do not rule out, not a posterior: within it all count alike. So bands"
        " may hold more of the truths than they state, and should not hold fewer.",
        "- **What matters:** correlations over all draws, in which everything varies at once; they miss what matters"
        " only together with something else, and what works in both directions.",
        "- **Screening** (Morris 1991) changes one number after the other over its 5 to 95 % range and sees what it"
        f" does to the outcome. What exceeds {100.0 * FLOOR:.0f} % of what luck alone does is named; with few"
        " trajectories only what is strong shows.",
        f"- **Learnt:** the kept draws' mean lies at least {MOVED:g} standard deviations from the belief's, or their"
        f" spread is at most {NARROWED:g} of the belief's.",
    ]


def sections(m: Match) -> list[Told]:
    """The page, section by section."""
    return [
        ("At a glance", glance(m), []),
        ("How", how(), []),
        (
            "Truths that are known",
            ["Parts of the truths that lie within bands of the draws kept for them, with 95 % intervals; p of a test"
             f" that their ranks are uniform. Truths that keep no draw at all, and are left out: {m.tested.alone}."],
            [((
                "number", *(f"inside the {100.0 * band:.0f} % band, %" for band in BANDS), "p, ranks uniform"),
              [(_short(c.name), *map(_percent, c.inside), f"{c.p:.2f}") for c in m.tested.coverage])],
        ),
        (
            "What lies ahead",
            ["Median, and 5 to 95 % of draws; nothing here was matched."],
            [(("what", "of all draws", "of the kept ones"),
              [(name, _band(before), _band(after)) for name, (before, after) in m.bands.items()])],
        ),
        ("What the data say of the uncertain numbers", learnt_words(m), [(LEARNT_HEADS, learnt_rows(m))]),
        ("What matters", matter_words(m), [(WEIGHT_HEADS, weight_rows(m))]),
        ("The screening", screen_words(m), [(SCREEN_HEADS, screen_rows(m))]),
        (
            "What is matched",
            [_counts(m), "Median of draws in the unit of the reading, and 5 to 95 %. Off: median implausibility of the"
             " kept draws in the target, in standard deviations."],
            [(("what", "kind", "known", "all draws", "kept", "off"), matched_rows(m))],
        ),
    ]  # fmt: skip


LEARNT_HEADS = ("number", "mean", "spread")
SCREEN_HEADS = ("number", "matters to", "over luck")
WEIGHT_HEADS = ("to what", "which numbers, and their correlation with it", "explained by these, %")


def learnt_words(m: Match) -> list[str]:
    """What stands before the table of what is learnt."""
    told = [one for one in m.learnt if one.told]
    return [
        f"In standard deviations of the belief (mean 0, spread 1 before); the {min(len(told), MOST_NAMED)} most telling"
        f" of {len(told)}. Of the other {len(m.learnt) - len(told)} the kept draws are what was believed."
    ]


def learnt_rows(m: Match) -> list[tuple[str, ...]]:
    """The numbers of which the data say most."""
    told = [one for one in m.learnt if one.told][:MOST_NAMED]
    return [(_short(one.name), f"{one.mean:+.2f}", f"{one.spread:.2f}") for one in told]


def matter_words(m: Match) -> list[str]:
    """What stands before the table of what goes with what."""
    silent = untold(m.learnt, m.weights)
    named = ", ".join(map(_short, silent)) if silent else "none"
    return [
        f"Over all draws, numbers that explain at least {100.0 * EXPLAINS:g} % of the variance each, the strongest"
        f" {MOST_WEIGHTS}; the rest is many small things together, and luck.",
        f"**Not identified:** of these the data say nothing of {named}.",
    ]


def weight_rows(m: Match) -> list[tuple[str, ...]]:
    """What goes with the distance and with what lies ahead."""
    return [
        (
            to,
            ", ".join(f"{_short(w.name)} {w.correlation:+.2f}" for w in weights[:MOST_WEIGHTS]) or "none",
            f"{100.0 * sum(w.correlation**2 for w in weights):.0f}",
        )
        for to, weights in m.weights.items()
    ]


def screen_words(m: Match) -> list[str]:
    """What stands before the table of the screening."""
    return ["Mean absolute effect of a number's whole range in one world, others held, over what luck alone does."]


def screen_rows(m: Match) -> list[tuple[str, ...]]:
    """The numbers that matter, by what they matter to."""
    return [
        (_short(effect.name), to, f"{effect.strength:.1f}")
        for to, effects in m.effects.items()
        for effect in effects[:MOST_NAMED]
    ]


def matched_rows(m: Match) -> list[tuple[str, ...]]:
    """Every reading: what is known, what all draws say, what the kept ones do."""
    targets = list(by_target(m.yardstick.readings))
    off = dict(zip(targets, m.off, strict=True))
    return [
        (r.what, LABELS[r.kind], _known(r), _band(before), _band(after), f"{off[r.target]:.1f}")
        for r, before, after in zip(m.yardstick.readings, m.before, m.after, strict=True)
    ]


def markdown(m: Match) -> str:
    """The page."""
    head = [f"# {TITLE}", "", "Output of", "", "```", command(m), "```", "", about(m), "", ANEW, ""]
    return "\n".join([*head, *markdown_sections(sections(m))])


def table(m: Match) -> str:
    """The kept draws as CSV: number, and distance."""
    rows = [f"{seed},{distance:.4f}" for seed, distance in zip(m.seeds.tolist(), m.distances.tolist(), strict=True)]
    return "\n".join(["world,distance", *rows]) + "\n"


def as_data(m: Match) -> dict[str, Any]:
    """The same for a script."""
    return {
        "command": command(m), "kept": len(m.seeds), "share": m.share, "failed": m.failed, "error": m.yardstick.error,
        "default_rate": dict(zip(("all", "kept", "weighed"), m.rates, strict=True)), "effective": m.effective,
        "forecasters_error": forecasters_error(), "cut": m.tested.cut, "stated": STATED,
        "truths_kept": list(m.tested.kept),
        "coverage": {
            c.name: {**{f"{band:g}": list(e) for band, e in zip(BANDS, c.inside, strict=True)}, "p": c.p}
            for c in m.tested.coverage
        },
        "ahead": {name: {"all": before.tolist(), "kept": after.tolist()} for name, (before, after) in m.bands.items()},
        "learnt": [{"name": one.name, "mean": one.mean, "spread": one.spread, "told": one.told} for one in m.learnt],
        "screening": {to: [effect._asdict() for effect in effects] for to, effects in m.effects.items()},
        "matters": {to: [weight._asdict() for weight in weights] for to, weights in m.weights.items()},
        "not_identified": untold(m.learnt, m.weights), "results": m.digest,
    }  # fmt: skip


def _counts(m: Match) -> str:
    kinds = Counter({r.target: r.kind for r in m.yardstick.readings}.values())
    off = sum(value > OFF for value in m.off)
    told = ", ".join(f"{count} of {LABELS[kind]}" for kind, count in kinds.items())
    return (
        f"{len(m.off)} targets ({told}) of {len(m.yardstick.readings)} readings; in {off} of them the median kept draw"
        f" is more than {OFF:g} standard deviations off."
    )


def _known(r: Reading) -> str:
    value = math.exp(r.value) if r.scale == LOG else r.value * r.size if r.scale == LINEAR else r.value**2
    return number(value)


def _short(name: str) -> str:
    """A number's name without its kind, where that is a parameter."""
    return name.removeprefix("parameter ")


def _band(ends: Floats) -> str:
    low, middle, high = map(float, ends)
    return f"{number(middle)} ({number(low)} to {number(high)})"


def _percent(e: Estimate) -> str:
    return f"{100.0 * e.value:.0f} ({100.0 * e.low:.0f} to {100.0 * e.high:.0f})"
