"""The one table of commands. Data only; to add one, add a method to a part of `bakeoff.api` and a row here."""

from __future__ import annotations

from bakeoff.cli.doors import Argument, Door, Kind, Swap

_PROFILE = Argument("profile", "A profile in TOML; options below add to it.", Kind.PATH, positional=True)

_ASKED = (
    Argument("domain", "What the project is about (`bakeoff profile words`).", into="asked"),
    Argument("activity", "What it does: train, fine-tune, serve …", into="asked"),
    Argument("serve_on", "Hardware it runs on; several mean all of them.", Kind.TEXTS, into="asked"),
    Argument("train_on", "Hardware it trains on; several mean all of them.", Kind.TEXTS, into="asked"),
    Argument("languages", "Language its authors write.", Kind.TEXTS, flag="--language", into="asked"),
    Argument("constraints", "A hard requirement.", Kind.TEXTS, flag="--must", into="asked"),
    Argument("prefer", "A soft wish.", Kind.TEXTS, into="asked"),
    Argument("could", "What would be welcome: counts half a wish.", Kind.TEXTS, into="asked"),
    Argument("order", "Axes from most to least important.", Kind.TEXTS, into="asked"),
    Argument(
        "weights",
        "Share of an axis in the value, 0 to 1.",
        Kind.WEIGHTS,
        flag="--weight",
        into="asked",
        metavar="AXIS=N",
    ),
    Argument("pinned", "Allow only this system in a layer.", Kind.PINS, flag="--pin", into="asked", metavar="LAYER=ID"),
    Argument("excluded", "A system not wanted.", Kind.TEXTS, flag="--exclude", into="asked"),
)

_SEED = Argument("seed", "Seed of the draws.", Kind.INTEGER)
_AS_OF = Argument("as_of", "Use only what was known on this day.", Kind.DAY, metavar="YYYY-MM-DD")

_HOW = (
    Argument("size", "Size of the workload.", into="how"),
    Argument("only", "Measure only these: system or system/setting.", Kind.TEXTS, into="how"),
    Argument("threads", "Threads every competitor gets.", Kind.INTEGER, into="how"),
    Argument("budget_s", "Wall time to spend on rounds.", Kind.DURATION, flag="--budget", into="how"),
    Argument("launches", "Processes per competitor (at least 3 for a verdict).", Kind.INTEGER, into="how"),
    Argument("memory_bytes", "Memory each competitor may use.", Kind.SIZE, flag="--memory", into="how"),
    Argument("seed", "Seed of every draw.", Kind.INTEGER, into="how"),
    Argument("full_ranking", "Eliminate nobody early.", Kind.FLAG, into="how"),
    Argument(
        "python",
        "Measure a system with an interpreter that already has it.",
        Kind.PATHS,
        into="how",
        metavar="SYSTEM=PATH",
    ),
    Argument("allow_large", "Accept downloads of gigabytes.", Kind.FLAG, into="how"),
    Argument("allow_download", "Let uv download interpreters.", Kind.FLAG, into="how"),
)

_LOOP = (
    Door(
        "decide",
        "decisions.decide",
        "render_decision:decision",
        "Rank complete stacks for a profile, with reasons, doubts and what would flip the answer.",
        (
            _PROFILE,
            *_ASKED,
            _AS_OF,
            _SEED,
            Argument(
                "html",
                "Also write a self-contained report.",
                Kind.PATH,
                metavar="FILE",
                then=Swap("decisions.write_html", "render_decision:written"),
            ),
            Argument(
                "adr",
                "Also write a decision record.",
                Kind.PATH,
                metavar="DIR",
                then=Swap("decisions.write_record", "render_decision:written"),
            ),
            Argument(
                "since",
                "Decide again and say what moved since this decision.json.",
                Kind.PATH,
                metavar="FILE",
                instead=Swap("decisions.since", "render_decision:moved"),
            ),
            Argument(
                "check",
                "Check the decision records of a folder: which have lapsed?",
                Kind.PATH,
                metavar="DIR",
                instead=Swap("decisions.check", "render_decision:lapses", alone=True, ok="judge:hold"),
            ),
            Argument(
                "verify",
                "Recompute a decision.json and compare.",
                Kind.PATH,
                metavar="FILE",
                instead=Swap("decisions.verify", "render_decision:verified", alone=True, ok="judge:verified"),
            ),
        ),
        gives="Decision",
        ok="judge:decided",
    ),
    Door(
        "plan",
        "decisions.plan",
        "render_decision:plan",
        "List the measurements that could change the answer, with what each is worth and costs.",
        (_PROFILE, *_ASKED, _SEED),
        gives="Plan",
    ),
    Door(
        "measure",
        "lab.measure",
        "render_lab:campaigns",
        "Measure a workload on every system here, or what a profile's plan asks for.",
        (
            Argument("workload", "Workload id, e.g. encoder-infer.", positional=True),
            Argument("profile", "Measure what this profile's plan names.", Kind.PATH, flag="--for", metavar="PROFILE"),
            *_HOW,
        ),
        gives="tuple[Campaign, ...]",
        ok="judge:measured",
        progress="live:Live",
    ),
    Door(
        "compare",
        "lab.versus",
        "render_lab:versus",
        "Measure two systems, or two versions of one, side by side: `bakeoff compare torch==2.12 torch==2.13 gemm`.",
        (
            Argument("first", "system, system/setting, or either with ==version.", positional=True, required=True),
            Argument("second", "Likewise: what is compared with the first.", positional=True, required=True),
            Argument("workload", "Workload id, e.g. encoder-infer.", positional=True, required=True),
            *(one for one in _HOW if one.name != "only"),
        ),
        gives="Versus",
        ok="judge:versus",
        progress="live:Live",
    ),
    Door(
        "tour",
        "projects.tour",
        "render_lab:tour",
        "Run the whole loop on a shipped profile: decide, measure here, decide again, report.",
        (
            Argument("yes", "Do not ask before downloading.", Kind.FLAG),
            Argument("full", "Measure every adapter, not only the five of the short tour.", Kind.FLAG),
            Argument("report", "Where to write the report.", Kind.PATH, flag="--html", metavar="FILE"),
        ),
        gives="Tour",
        ok="judge:toured",
        progress="live:Live",
        asks=True,
    ),
    Door(
        "why-not",
        "decisions.why_not",
        "render_decision:reasons",
        "Explain why a system or stack is not the answer.",
        (
            Argument("name", "System id, or layer=id pairs with commas between.", positional=True, required=True),
            _PROFILE,
            *_ASKED,
            _AS_OF,
        ),
        gives="tuple[Reason, ...]",
    ),
    Door(
        "backtest",
        "decisions.backtest",
        "render_decision:backtest",
        "Decide known cases and compare with what was really chosen, beside two simple baselines.",
        (
            Argument("cases", "File of cases, YAML or JSON.", Kind.PATH, positional=True, required=True),
            Argument("ablate", "Also say what each of these adds; takes minutes.", metavar="rules|evidence"),
            _SEED,
        ),
        gives="Report",
    ),
)

_PROFILES = (
    Door(
        "profile from",
        "projects.profile_from",
        "render_profile:found",
        "Read the project in a folder for the profile it implies; asks only what is missing.",
        (
            Argument("folder", "The project.", Kind.PATH, positional=True, default="."),
            Argument(
                "out",
                "Write the profile here.",
                Kind.PATH,
                metavar="FILE",
                then=Swap("projects.write_profile", "render_decision:written"),
            ),
        ),
        gives="Survey",
        asks=True,
    ),
    Door(
        "profile check",
        "projects.profile_check",
        "render_profile:profile",
        "Read a profile and report every problem with it.",
        (Argument("profile", "A profile in TOML.", Kind.PATH, positional=True, required=True),),
        gives="Profile",
    ),
    Door(
        "profile words",
        "projects.words",
        "render_profile:words",
        "List the words a profile may use, and what each means.",
        (Argument("about", "Only this field: domain, activity, serve_on …", positional=True),),
        gives="tuple[Words, ...]",
    ),
    Door(
        "profile init",
        "projects.profile_init",
        "render_decision:written",
        "Ask the few questions that matter and write the profile; a blank one where nobody is at the terminal.",
        (Argument("file", "Where to write it.", Kind.PATH, positional=True, default="profile.toml"),),
        gives="Written",
        asks=True,
    ),
)

_MACHINE = (
    Door(
        "doctor",
        "lab.doctor",
        "render_machine:doctor",
        "Look at this machine: interpreters, compilers, package sources, disk, limits, noise.",
        gives="Doctor",
        ok="judge:healthy",
    ),
    Door(
        "env list",
        "lab.environments",
        "render_machine:environments",
        "List the environments bakeoff built.",
        gives="Environments",
    ),
    Door(
        "env size",
        "lab.environments",
        "render_machine:sizes",
        "Show how much disk bakeoff's state takes, and where.",
        gives="Environments",
    ),
    Door(
        "env prune",
        "lab.prune",
        "render_machine:pruned",
        "Remove environments, keeping those named.",
        (Argument("keep", "Systems whose environment stays.", Kind.TEXTS),),
        gives="Environments",
    ),
)

_CATALOG = (
    Door(
        "catalog list",
        "catalog.list",
        "render_catalog:systems",
        "List the systems of the catalogue.",
        (
            Argument("layer", "Only this layer."),
            Argument("where", "Only systems that meet this.", Kind.TEXTS, metavar="PROPERTY=VALUE"),
        ),
        gives="tuple[System, ...]",
    ),
    Door(
        "catalog show",
        "catalog.show",
        "render_catalog:system",
        "Show everything claimed about a system, with its evidence.",
        (Argument("name", "System id or alias.", positional=True, required=True),),
        gives="System",
    ),
    Door(
        "catalog lint",
        "catalog.lint",
        "render_catalog:lint",
        "Check the catalogue by the same rules its makers use.",
        (
            Argument("extra", "Also check this folder of systems.", Kind.PATH, positional=True),
            Argument("fix", "Apply the fixes that are safe.", Kind.FLAG),
        ),
        gives="LintReport",
        ok="judge:clean",
    ),
    Door(
        "catalog refresh",
        "catalog.refresh",
        "render_catalog:refreshed",
        "Ask the package registries for the facts they hold and update the generated files.",
        (Argument("only", "Only these systems.", Kind.TEXTS),),
        gives="RefreshReport",
        ok="judge:refreshed",
        progress="live:Live",
    ),
    Door(
        "catalog why",
        "catalog.why",
        "render_catalog:why",
        "Show what the evidence on one property adds up to, and what was used or rejected.",
        (
            Argument("system", "System id.", positional=True, required=True),
            Argument("about", "Property id or relation.", positional=True, required=True),
            Argument("other", "Other system, for a relation.", positional=True),
            Argument("context", "Situation: device=x86-cpu, domain=nlp …", Kind.PINS, metavar="FIELD=VALUE"),
        ),
        gives="tuple[Why, ...]",
    ),
    Door(
        "catalog refuted",
        "catalog.refuted",
        "render_catalog:refuted",
        "List what was believed and turned out otherwise.",
        gives="tuple[Refutation, ...]",
    ),
    Door(
        "catalog coverage",
        "catalog.coverage",
        "render_catalog:coverage",
        "Show how much of the catalogue is known, by layer and kind of evidence.",
        (
            Argument("decisive", "Count only what deciding the shipped profiles reads.", Kind.FLAG),
            Argument("cases", "Also what deciding these cases reads; implies --decisive.", Kind.PATH, metavar="FILE"),
        ),
        gives="Coverage",
    ),
    Door(
        "catalog audit",
        "catalog.audit",
        "render_catalog:audit",
        "Draw claims at random for a person to check against their sources.",
        (
            Argument("sample", "How many claims.", Kind.INTEGER, default=10),
            _SEED,
        ),
        gives="tuple[Claim, ...]",
    ),
    Door(
        "catalog stale",
        "catalog.stale",
        "render_catalog:stale",
        "List claims whose evidence has aged most.",
        (Argument("by_value", "Those worth most to the shipped profiles first; takes some seconds.", Kind.FLAG),),
        gives="tuple[Stale, ...]",
    ),
    Door(
        "catalog unknowns",
        "catalog.unknowns",
        "render_catalog:unknowns",
        "List what is not known, and what would settle it.",
        (
            Argument("layer", "Only this layer."),
            Argument("by_value", "Those worth most to the shipped profiles first; takes some seconds.", Kind.FLAG),
        ),
        gives="tuple[Unknown, ...]",
    ),
    Door(
        "catalog diff",
        "catalog.diff",
        "render_catalog:diff",
        "Compare two catalogues: claims that differ, decisions that change.",
        (
            Argument("before", "A catalogue exported as JSON.", Kind.PATH, positional=True, required=True),
            Argument("after", "Another; the current catalogue when absent.", Kind.PATH, positional=True),
        ),
        gives="CatalogDiff",
    ),
    Door(
        "catalog export",
        "catalog.export",
        "render_decision:written",
        "Write the catalogue as JSON, CSV or Markdown.",
        (
            Argument(
                "file", "Where to write; the ending chooses the format.", Kind.PATH, positional=True, required=True
            ),
        ),
        gives="Written",
    ),
    Door(
        "catalog schema",
        "projects.schema",
        "render_decision:written",
        "Write the JSON Schema of a system's file, for editors.",
        (Argument("file", "Where to write.", Kind.PATH, positional=True, default="system.schema.json"),),
        gives="Written",
    ),
)

_RESULTS = (
    Door(
        "results list",
        "lab.results",
        "render_lab:listed",
        "List the campaigns stored here.",
        gives="tuple[Listed, ...]",
    ),
    Door(
        "results show",
        "lab.result",
        "render_run:shown",
        "Show a run and the campaign it belongs to: verdicts, costs, flags, raw samples, how to repeat it.",
        (
            Argument("id", "Campaign or run id; the newest when absent.", positional=True),
            Argument(
                "html",
                "Also write a page with every block of every arm drawn.",
                Kind.PATH,
                metavar="FILE",
                then=Swap("lab.write_page", "render_decision:written"),
            ),
        ),
        gives="Shown",
    ),
    Door(
        "results compare",
        "lab.compare",
        "render_lab:compared",
        "Compare two runs, or the fastest runs of two campaigns.",
        (
            Argument("first", "Run or campaign id.", positional=True, required=True),
            Argument("second", "Run or campaign id.", positional=True, required=True),
        ),
        gives="Compared",
    ),
    Door(
        "results verify",
        "lab.verify",
        "render_lab:verified",
        "Recompute every published number from the stored samples.",
        (Argument("id", "Campaign id; all when absent.", positional=True),),
        gives="tuple[Verification, ...]",
        ok="judge:all_verified",
    ),
    Door(
        "results export",
        "lab.export",
        "render_decision:written",
        "Write a campaign with all its samples as a bundle that others can import and verify.",
        (
            Argument("file", "Where to write.", Kind.PATH, positional=True, required=True),
            Argument("id", "Campaign id; the newest when absent."),
        ),
        gives="Written",
    ),
    Door(
        "results import",
        "lab.take_in",
        "render_lab:taken_in",
        "Take in a bundle; its measurements count as measured elsewhere.",
        (
            Argument("source", "A bundle.", Kind.PATH, positional=True, required=True, metavar="FILE"),
            Argument("origin", "Whose it is, for the record."),
        ),
        gives="tuple[Campaign, ...]",
    ),
    Door(
        "results merge",
        "lab.take_in",
        "render_lab:merged",
        "Merge the store of another bakeoff home into this one.",
        (Argument("source", "The other home folder.", Kind.PATH, positional=True, required=True, metavar="HOME"),),
        gives="tuple[Campaign, ...]",
    ),
)

DOORS: tuple[Door, ...] = (*_LOOP, *_PROFILES, *_MACHINE, *_CATALOG, *_RESULTS)
"""Every command, in the order of the help."""

GROUPS = {
    "profile": "Write, read and check profiles.",
    "env": "The environments bakeoff builds.",
    "catalog": "What is claimed about each system, and how we know.",
    "results": "Campaigns measured or taken in.",
}
"""One line for each group of commands."""
