"""`wanreel usage`, `budgets` and `estimate`: what a user sees of the money."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.client.small_world import bought
from wanreel.cli.exits import Exit
from wanreel.emulator.server import Emulator

FOX = ("generate", "A red fox in snow, wide shot", "--model", "wan2.5-t2v-preview", "--resolution", "480P")
CLIP = "1.5"  # 5 s at 0.3 CNY


def line_of(terminal: Terminal, *more: str) -> dict[str, str]:
    """The only line of a report."""
    (line,) = terminal("usage", *more, "--json").objects
    return line


def test_a_clip_stands_in_every_report(terminal: Terminal) -> None:
    """By project, model, day and tag; two takes of one wish are one accepted clip at the price of both."""
    ran = terminal(*FOX, "--project", "spring", "--tag", "hero", "--variants", "2", "--out", "clips")
    assert 0 == ran.code, ran.err

    line = line_of(terminal)
    assert ("spring", "CNY", 2, "10") == (line["project"], line["currency"], line["clips"], line["seconds"])
    assert ("3", "3", "0", "0") == (line["estimated"], line["settled"], line["reserved"], line["unproven"])
    assert (CLIP, 1, "3") == (line["per_clip"], line["accepted"], line["per_accepted"])
    assert "wan2.5-t2v-preview" == line_of(terminal, "--by", "model")["model"]
    assert "hero" == line_of(terminal, "--by", "tag")["tag"]
    assert "3" == line_of(terminal, "--by", "day")["settled"]
    assert [] == terminal("usage", "--project", "autumn", "--json").objects


def test_a_report_has_a_table_a_sum_and_a_plot(terminal: Terminal) -> None:
    """On a terminal a sum and thirty days in bars as well; in a pipe a head and a row each; spreadsheets get CSV."""
    assert 0 == terminal(*FOX).code
    out = terminal.on_screen("usage").out
    assert ["default", "CNY", "1", "1.50"] == out.splitlines()[1].split()[:4]
    assert ["total", "CNY", "1", "1.50"] == out.splitlines()[2].split()[:4]
    assert "1.50 CNY │" in out
    assert "█" in out
    head, row = (line.split("\t") for line in terminal("usage").lines)
    assert {"project": "default", "currency": "CNY", "clips": "1", "settled": "1.50"}.items() <= dict(
        zip(head, row, strict=True)
    ).items()
    (row,) = csv.DictReader(io.StringIO(terminal("usage", "--csv", "--by", "model").out))
    assert ("wan2.5-t2v-preview", CLIP) == (row["model"], row["settled"])


def test_a_budget_holds_back_what_it_does_not_cover(terminal: Terminal, vendor: Emulator) -> None:
    """The second clip waits and says why; `budgets list` shows what is committed; a larger budget lets it go."""
    assert 0 == terminal("budgets", "set", "2", "--period", "day").code
    assert 0 == terminal(*FOX).code
    terminal(*FOX, "--no-wait")
    terminal.env["WANREEL_POLICY__ACCOUNT_S"] = "0.3"
    idle = terminal("worker", "--until-idle")
    (held,) = terminal("jobs", "list", "--state", "queued", "--json").objects
    assert "too little is left of 2.00 CNY a day for all projects" in held["why"]
    assert "too little is left" in (held["attention"] or ""), idle.err
    assert "too little is left" in terminal("jobs", "show", held["id"]).out
    assert "too little is left" in terminal("jobs", "list", "--state", "queued").out
    (used,) = terminal("budgets", "list", "--json").objects
    assert ("*/day/CNY", "2", CLIP) == (used["budget"], used["amount"], used["committed"])
    assert 1 == bought(vendor)

    assert 0 == terminal("budgets", "set", "3", "--period", "day").code
    assert 0 == terminal("watch", held["id"]).code
    assert 2 == bought(vendor)
    assert 0 == terminal("budgets", "drop", "*/day/CNY").code
    assert Exit.NOT_FOUND == terminal("budgets", "drop", "*/day/CNY").code


def test_a_budget_that_is_set_again_keeps_what_is_not_named(terminal: Terminal) -> None:
    """Its zone and its warning, each by itself, however the project is spelled; another budget is not asked."""
    given = ("--zone", "Europe/Berlin", "--warn-at", "0.5")
    assert 0 == terminal("budgets", "set", "9", *given).code
    for project in ("spring", " spring "):
        assert 0 == terminal("budgets", "set", "5", "--project", project, *(given if project == "spring" else ())).code
    assert 0 == terminal("budgets", "set", "6", "--zone", "UTC").code
    assert 0 == terminal("budgets", "set", "7", "--project", "").code
    told = {b["budget"]: (b["amount"], b["zone"], b["warn_at"]) for b in terminal("budgets", "list", "--json").objects}
    assert {
        "*/month/CNY": ("6", "UTC", "0.5"),
        "default/month/CNY": ("7", "Asia/Shanghai", "0.8"),
        "spring/month/CNY": ("5", "Europe/Berlin", "0.5"),
    } == told


def test_a_dry_run_says_what_the_budgets_would_say(terminal: Terminal, vendor: Emulator) -> None:
    """Nothing where there is none; enough, a warning, how many clips would wait or be refused and why; nothing is
    reserved by asking.
    """
    dry = (*FOX, "--variants", "3", "--dry-run")
    assert "budget" not in terminal(*dry).out
    assert terminal(*dry, "--json").objects[0]["budget"]["verdict"] is None
    terminal("budgets", "set", "5", "--period", "day")
    for _ in range(2):
        out = terminal(*dry).out
        assert "budget: enough is left" in out
        assert "budget: it would be warned: 80 % of 5.00 CNY a day for all projects is committed." in out
    terminal("budgets", "set", "4", "--period", "day")
    held = "budget: 1 of the 3 clips would wait for money: too little is left of 4.00 CNY a day for all projects"
    assert held in terminal(*dry).out
    assert held.replace("wait for money", "be refused") in terminal(*dry, WANREEL_OVER_BUDGET="refuse").out
    assert "budget: enough is left" in terminal("estimate", *FOX[1:]).out
    Path("shots.csv").write_text("prompt,model,resolution\n" + "A fox,wan2.5-t2v-preview,480P\n" * 3, encoding="utf-8")
    assert held in terminal("batch", "shots.csv", "--dry-run").out
    said = terminal("batch", "shots.csv", "--dry-run", "--json").objects[-1]["budget"]
    assert ("held", 3, 2) == (said["verdict"], said["clips"], said["fit"])
    assert {} == vendor.counters()["requests"]
    (used,) = terminal("budgets", "list", "--json").objects
    assert "0" == used["committed"]


def test_a_job_shows_what_it_has_cost(terminal: Terminal) -> None:
    """What is settled of it, in its currency."""
    assert 0 == terminal(*FOX).code
    (job,) = terminal("jobs", "list", "--json").objects
    (shown,) = terminal("jobs", "show", job["id"], "--json").objects
    assert [{"currency": "CNY", "settled": CLIP, "reserved": "0", "unproven": "0", "unknown": 0}] == shown["cost"]
    assert "1.50 CNY settled" in terminal("jobs", "show", job["id"]).out


def test_what_there_is_no_money_for_may_also_end_at_once(terminal: Terminal, vendor: Emulator) -> None:
    """With WANREEL_OVER_BUDGET=refuse nothing waits for money."""
    terminal("budgets", "set", "1")
    terminal.env["WANREEL_OVER_BUDGET"] = "refuse"
    ran = terminal(*FOX, "--json")
    assert (Exit.FAILED, "over_budget") == (ran.code, ran.objects[0]["error"]["code"])
    assert 0 == bought(vendor)


@pytest.mark.parametrize(
    ("options", "field"),
    [(("--max-cost", "1.49"), "max_cost"), (("--max-cost-all", "2.99", "--variants", "2"), "group_max_cost")],
)
def test_what_is_dearer_than_allowed_is_refused_before_anything_is_stored(
    terminal: Terminal, vendor: Emulator, options: tuple[str, ...], field: str
) -> None:
    """The highest cost of a clip, or of all of them, is held against the estimate at once."""
    ran = terminal(*FOX, *options, "--json")
    assert (Exit.INVALID, field) == (ran.code, ran.error["problems"][0]["field"])
    assert [] == terminal("jobs", "list", "--json").objects
    assert 0 == bought(vendor)


def test_a_batch_may_cost_so_much_in_all(terminal: Terminal) -> None:
    """Rows are priced together before any of them is stored."""
    row = "A fox,wan2.5-t2v-preview,480P\n"
    Path("shots.csv").write_text("prompt,model,resolution\n" + row * 3, encoding="utf-8")
    refused = terminal("batch", "shots.csv", "--max-cost-all", "4.49", "--json")
    assert (Exit.INVALID, "line 2, group_max_cost") == (refused.code, refused.error["problems"][0]["field"])
    assert 0 == terminal("batch", "shots.csv", "--max-cost-all", "4.5", "--no-wait").code
    assert ["4.5"] * 3 == [job["group_max_cost"] for job in terminal("jobs", "list", "--json").objects]


def test_an_estimate_needs_no_key(terminal: Terminal) -> None:
    """Exactly, at most, or unknown with what to do about it; a file of the user's own prices comes first."""
    del terminal.env["DASHSCOPE_API_KEY"]
    exact = terminal("estimate", "A fox", "--model", "wan2.5-t2v-preview", "--resolution", "720P").out
    assert exact.startswith("3.00 CNY (5 s at 0.6 a second")
    open_ended = terminal(
        "estimate", "A fox", "--model", "wan3.0-video", "--resolution", "720P", "--duration", "-1"
    ).out
    assert open_ended.startswith("at most 18.00 CNY")
    unknown = ("estimate", "A fox", "--model", "wan9.9-t2v", "--resolution", "720P", "--duration", "5")
    assert "price unknown" in terminal(*unknown).out
    prices = '[[prices]]\nmodel = "wan9.9-t2v"\nregion = "beijing"\ncurrency = "CNY"\nper_second = { any = "0.1" }\n'
    (terminal.home / "prices.toml").write_text(prices, encoding="utf-8")
    assert terminal(*unknown).out.startswith("0.50 CNY")


def bill(rows: list[tuple[str, str]]) -> str:
    """A bill as the console exports it for Excel."""
    return "账期,任务ID,应付金额\n" + "".join(f"2026-11,{task},{amount}\n" for task, amount in rows)


def test_a_bill_with_a_missing_an_extra_and_a_changed_row(terminal: Terminal) -> None:
    """Each difference is named with its job, or as unknown to us; a bill that agrees says so."""
    for _ in range(3):
        assert 0 == terminal(*FOX).code
    jobs = {job["task_id"]: job["id"] for job in terminal("jobs", "list", "--json").objects}
    same, changed, missing = sorted(jobs)
    Path("bill.csv").write_bytes(bill([(same, CLIP), (changed, "2.5"), ("a-strange-task", "9")]).encode("gb18030"))

    ran = terminal("usage", "reconcile", "bill.csv", "--json")
    assert Exit.ATTENTION == ran.code, ran.err
    assert {
        "missing": (missing, jobs[missing], None, CLIP),
        "changed": (changed, jobs[changed], "2.5", CLIP),
        "extra": ("a-strange-task", None, "9", None),
    } == {d["verdict"]: (d["task_id"], d["job"], d["billed"], d["settled"]) for d in ran.objects}
    assert "unknown to us" in terminal("usage", "reconcile", "bill.csv").out

    Path("bill.csv").write_text(bill([(task, CLIP) for task in jobs]), encoding="utf-8")
    agreed = terminal("usage", "reconcile", "bill.csv")
    assert (0, True) == (agreed.code, "3 tasks agree, 0 differences" in agreed.out)


def test_a_bill_that_cannot_be_read_is_refused_in_words(terminal: Terminal) -> None:
    """Columns that cannot be guessed are asked for by option; lines without an amount are named."""
    Path("bill.csv").write_text("when,what,how much\n2026-11,t,1\n", encoding="utf-8")
    refused = terminal("usage", "reconcile", "bill.csv")
    assert (Exit.INVALID, True) == (refused.code, "--task-column" in refused.err)
    named = ("--task-column", "what", "--amount-column", "how much")
    assert Exit.ATTENTION == terminal("usage", "reconcile", "bill.csv", *named).code
    Path("bill.csv").write_text("task_id,amount\nt,much\n", encoding="utf-8")
    assert "line 2: has no amount" in terminal("usage", "reconcile", "bill.csv").err


def test_days_that_make_no_sense_are_refused(terminal: Terminal) -> None:
    """A first day after the last, a day that is none, a zone nobody knows."""
    for wrong in (
        ("--since", "2026-12-01", "--until", "2026-11-01"),
        ("--since", "soon"),
        ("--since", "0001-01-01"),
        ("--until", "9999-12-31"),
        ("--zone", "Mars/Olympus"),
    ):
        assert Exit.INVALID == terminal("usage", *wrong).code
    assert Exit.INVALID == terminal("budgets", "set", "-3").code
    assert Exit.INVALID == terminal("budgets", "set", "3", "--currency", "EUR").code


def test_money_is_never_lost_in_the_reports(terminal: Terminal) -> None:
    """The lines of each report that do not overlap come to the same sum."""
    for project in ("spring", "autumn"):
        assert 0 == terminal(*FOX, "--project", project).code
    sums = [
        sum(Decimal(line["settled"]) for line in terminal("usage", "--by", by, "--json").objects)
        for by in ("project", "model", "day")
    ]
    assert [Decimal(3)] * 3 == sums


def test_a_bill_of_another_account_is_asked_for_by_name(terminal: Terminal) -> None:
    """What an account without clips is billed is unknown to us; an account nobody has heard of is refused."""
    assert 0 == terminal(*FOX).code
    Path("bill.csv").write_bytes("Task ID\tAmount\n".encode("utf-16"))
    assert ["missing"] == [d["verdict"] for d in terminal("usage", "reconcile", "bill.csv", "--json").objects]
    refused = terminal("usage", "reconcile", "bill.csv", "--account", "second")
    assert (Exit.INVALID, True) == (refused.code, "must be one of" in refused.err)
