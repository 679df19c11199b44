"""Where a project begins: its profile, read from itself or written by hand, and the tour of the whole loop."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from bakeoff.api.answers import Tour, Word, Words, Written
from bakeoff.api.asked import request
from bakeoff.api.bench import Bench
from bakeoff.api.decisions import DecisionsPart
from bakeoff.api.lab import LabPart
from bakeoff.api.workspace import PACKAGE, Workspace, read_table
from bakeoff.base.errors import InputError, MachineError
from bakeoff.base.files import write_atomic
from bakeoff.base.quantity import show_bytes
from bakeoff.catalog.authoring import json_schema
from bakeoff.catalog.load import read_vocabulary
from bakeoff.decide import since
from bakeoff.decide.model import Profile
from bakeoff.decide.profile import parse
from bakeoff.new import profiles
from bakeoff.new.interview import interview
from bakeoff.new.survey import Survey, present, survey
from bakeoff.report import answer

Ask = Callable[..., str | None]
Progress = Callable[[object], None]


class ProjectsPart:
    """Everything a project starts with."""

    def __init__(self, workspace: Workspace, bench: Bench, decisions: DecisionsPart, lab: LabPart) -> None:
        self._workspace = workspace
        self._bench = bench
        self._decisions = decisions
        self._lab = lab

    def profile_from(self, folder: Path = Path(), *, ask: Ask | None = None) -> Survey:
        """Reads a project for the profile it implies, and asks what is missing.

        Raises:
            InputError: If the folder is none, or an answer is not a word of the vocabulary.
        """
        rules, catalog = self._workspace.rules, self._workspace.catalog
        here = present(self._bench.fingerprint.accelerators, platform.machine())
        found = survey(folder, catalog, rules, devices=here)
        answers = {} if ask is None else {item.field: ask(item.ask, item.options) for item in found.questions}
        given = {field: answer for field, answer in answers.items() if answer}
        complete = replace(
            found,
            profile={**found.profile, **{field: profiles.as_field(field, answer) for field, answer in given.items()}},
            questions=tuple(item for item in found.questions if item.field not in given),
        )
        parse(dict(complete.profile), rules, catalog, where=str(folder))
        return complete

    def write_profile(self, found: Survey, file: Path) -> Written:
        """Writes the profile a survey found; what nobody answered stands there as comments.

        Raises:
            InputError: If the file exists: what somebody wrote is not overwritten.
        """
        if file.exists():
            raise InputError.one(str(file), "", "exists already", "choose another name, or edit it")
        write_atomic(file, profiles.text(found.profile, found.questions))
        return Written(str(file), "profile")

    def profile_check(self, profile: Path) -> Profile:
        """The profile of a file, understood.

        Raises:
            InputError: With every problem in it.
        """
        return self._workspace.profile(profile, {})

    def profile_init(self, file: Path = Path("profile.toml"), *, ask: Ask | None = None) -> Written:
        """Writes a profile from the answers to a few questions; one to be filled in where nobody answers.

        Args:
            file: Where to write it.
            ask: Asked about the context first, then about weights while knowing them could change the choice.

        Raises:
            InputError: If the file exists: what somebody wrote is not overwritten.
        """
        if file.exists():
            raise InputError.one(str(file), "", "exists already", "choose another name, or edit it")
        rules = self._workspace.rules
        told = ask and interview(ask, self._workspace.catalog, rules, today=self._workspace.today)
        given = bool(told and told.profile)
        write_atomic(file, profiles.text(told.profile, notes=told.notes) if told and given else profiles.blank(rules))
        return Written(str(file), "profile")

    def schema(self, file: Path = Path("system.schema.json")) -> Written:
        """Writes the JSON Schema of a system's file, so that an editor completes and checks while one writes.

        Raises:
            MachineError: If the file cannot be written.
        """
        write_atomic(file, json.dumps(json_schema(read_vocabulary()), ensure_ascii=False, indent=1) + "\n")
        return Written(str(file), "schema")

    def words(self, about: str = "") -> tuple[Words, ...]:
        """The words a profile may use, by field; of one field when named.

        Raises:
            InputError: If there is no such field.
        """
        rules = self._workspace.rules
        fields: Mapping[str, tuple[Word, ...]] = {
            "domain": tuple(Word(word.id, word.text) for word in rules.domains.values()),
            "activity": tuple(Word(word.id, word.text) for word in rules.activities.values()),
            "hardware": tuple(Word(word.id, word.text, word.aliases) for word in rules.hardware.values()),
            "languages": tuple(Word(word.id, word.text, word.aliases) for word in rules.languages.values()),
            "constraints": tuple(Word(word.id, word.text, word.aliases) for word in rules.requirements.values()),
        }
        if about and about not in fields:
            raise InputError.one("words", "", f"no field {about!r} has words", f"known: {', '.join(fields)}")
        return tuple(Words(name, listed) for name, listed in fields.items() if about in ("", name))

    def tour(
        self,
        *,
        yes: bool = False,
        full: bool = False,
        report: Path | None = None,
        progress: Progress | None = None,
        ask: Ask | None = None,
    ) -> Tour:
        """The whole loop on the shipped profile: decide, plan, measure here, decide again, report.

        Args:
            yes: Do not ask before downloading.
            full: Measure every adapter.
            report: Where to write the report; `bakeoff-tour.html` in the working folder when not given.
            progress: Told what is being done.
            ask: Asked once, before anything is downloaded; nobody to ask counts as a no.

        Raises:
            MachineError: If the download was declined.
        """
        folder = PACKAGE / "new" / "tour"
        profile = self._workspace.profile(folder / "profile.toml", {})
        how = read_table(folder / "measure.toml")
        workload = str(how.pop("workload"))
        if full:
            del how["only"]
        before = self._decisions.decide(profile)
        plan = self._decisions.plan_for(before)
        size = self._bench.download_bytes(request(self._bench, self._workspace.catalog, workload, how))
        question = f"The tour downloads about {show_bytes(size)} of packages. Go on?"
        if size and not yes and (ask is None or ask(question, ("yes", "no")) != "yes"):
            raise MachineError(f"the tour would download about {show_bytes(size)}", advice="pass --yes to allow it")
        campaigns = self._lab.measure(workload, how=how, progress=progress)
        after = self._decisions.decide(profile)
        moved = since.compare(before, after)
        catalog = self._workspace.catalog
        lines = answer.moved_lines(moved, catalog)
        file = report or Path("bakeoff-tour.html")
        self._decisions.write_html(after, file, lines)
        return Tour(
            download_bytes=size,
            before=before,
            plan=plan,
            campaigns=campaigns,
            after=after,
            moved=lines,
            answer=answer.answer_lines(after, moved, campaigns, catalog),
            report=str(file.absolute()),
        )
