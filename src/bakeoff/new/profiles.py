"""Profiles as files that people go on editing: from what is known, or blank with every field explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bakeoff.catalog.rules import Rules
from bakeoff.new.survey import Question

Field = tuple[str, ...] | str

_SINGLE = ("name", "domain", "activity")
_MEANINGS = (
    ("name", "Shown in titles and file names."),
    ("domain", "What it is about."),
    ("activity", "What it does with the stack."),
    ("train_on", "Hardware it trains on; several mean all of them."),
    ("serve_on", "Hardware it runs on; several mean all of them."),
    ("languages", "Languages its authors write."),
    ("constraints", "Hard requirements: what does not meet them is out."),
    ("prefer", "Wishes: favoured, never required; same words as constraints."),
    ("could", "Welcome: favoured half as much as a wish; same words."),
    ("estate", "Systems already in use."),
    ("excluded", "Systems not wanted."),
    ("licences", "SPDX ids allowed; leave out for any."),
    ("order", "Axes from most to least important; leave out for the central weights."),
)
"""Fields in the order a profile lists them, each with what it means."""


def as_field(field: str, answer: str) -> Field:
    """An answer in the form its field takes: text, or a list of one."""
    return answer if field in _SINGLE else (answer,)


def text(profile: Mapping[str, Field], questions: Sequence[Question] = (), notes: Sequence[str] = ()) -> str:
    """A profile in TOML; open questions stay as comments where their field goes, notes at the end."""
    # Only writing a profile needs an editor that keeps comments; every other command is spared its import.
    import tomlkit  # noqa: PLC0415

    document = tomlkit.document()
    document.add(tomlkit.comment("A profile: what this project needs. `bakeoff profile words` lists every word."))
    open_questions = {question.field: question for question in questions}
    for field, meaning in _MEANINGS:
        value = profile.get(field)
        if value:
            document.add(field, tomlkit.item(value if isinstance(value, str) else list(value)))
            document[field].comment(meaning)
        elif field in open_questions:
            question = open_questions[field]
            document.add(tomlkit.comment(f"{question.ask} One of: {', '.join(question.options)}"))
            document.add(tomlkit.comment(f"{field} = {_example(field, question.options[0])}"))
    for note in notes:
        document.add(tomlkit.comment(note))
    return tomlkit.dumps(document)


def blank(rules: Rules) -> str:
    """A profile with every field explained and none filled in; it becomes valid by removing `#`."""
    options = {
        "domain": tuple(rules.domains),
        "activity": tuple(rules.activities),
        "train_on": tuple(rules.hardware),
        "serve_on": tuple(rules.hardware),
        "languages": tuple(rules.languages),
        "constraints": tuple(rules.requirements),
        "prefer": tuple(rules.requirements),
        "could": tuple(rules.requirements),
        "order": tuple(rules.axis_weights),
    }
    lines = ["# A profile: what a project needs. Remove the # of the fields you know; leave the rest.", ""]
    for field, meaning in _MEANINGS:
        words = options.get(field, ())
        lines.append(f"# {meaning}")
        if words:
            lines.append(f"# One of: {', '.join(words)}" if field in _SINGLE else f"# Any of: {', '.join(words)}")
        lines += [f"# {field} = {_example(field, words[0] if words else '')}", ""]
    return "\n".join(lines)


def _example(field: str, word: str) -> str:
    return f'"{word}"' if field in _SINGLE else f'["{word}"]' if word else "[]"
