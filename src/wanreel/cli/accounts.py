"""`wanreel accounts`: what each account may do and does, and holding work back by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from wanreel.cli.exits import Exit
from wanreel.cli.options import HOME, ROWS, VENDOR, HomeOptions, RowOptions, VendorOptions
from wanreel.cli.render import print_json
from wanreel.cli.report import put, say
from wanreel.cli.session import in_home
from wanreel.cli.table import Column, print_rows

if TYPE_CHECKING:
    from wanreel.client import Home

_COLUMNS = (
    Column("account"),
    Column("model"),
    Column("running", right=True),
    Column("slots", right=True),
    Column("waiting", right=True),
    Column("region", rank=2),
    Column("keys", rank=3, right=True),
    Column("note", rank=1, least=16),
)

accounts = App(name="accounts", help="Look at accounts, pause them, plan what they need.")


@accounts.command(name="list")
def list_accounts(*, rows: RowOptions = ROWS, home: HomeOptions = HOME, vendor: VendorOptions = VENDOR) -> int:
    """Every account: its address, keys, running and waiting jobs, limits, and what is held back."""

    async def work(opened: Home) -> int:
        found = await opened.service.accounts()
        if home.json:
            for row in found:
                print_json(row)
        else:
            print_rows([line for row in found for line in _lines(row)], _COLUMNS, header=rows.header)
        return Exit.OK

    return in_home(work, home, **vendor.given())


@accounts.command
def park(
    account: str = "",
    /,
    *,
    model: str = "*",
    project: str | None = None,
    why: str = "",
    home: HomeOptions = HOME,
    vendor: VendorOptions = VENDOR,
) -> int:
    """Send nothing more from an account (or of a project) until `resume`. What runs goes on.

    Parameters
    ----------
    account
        Its name; `wanreel accounts list` shows them.
    model
        Only this model of it.
    project
        Instead of an account: the jobs of a project, on all accounts.
    why
        Shown wherever a job waits for it.
    """

    async def work(opened: Home) -> int:
        from wanreel.domain.event import SlotKey
        from wanreel.service.standing import resuming

        key = SlotKey("*", "*") if project else SlotKey(_one(opened, account), model)
        _not_both(account, project)
        held = await opened.service.hold(key, why, project or "")
        say(f"held back; to let it go on: {resuming(held)}")
        return Exit.OK

    return in_home(work, home, **vendor.given())


@accounts.command
def resume(
    account: str = "",
    /,
    *,
    model: str = "*",
    project: str | None = None,
    home: HomeOptions = HOME,
    vendor: VendorOptions = VENDOR,
) -> int:
    """Let an account (or a project) go on: ends its pauses, and forgets what refusals have taught about its limits.

    Parameters
    ----------
    account
        Its name.
    model
        Only what was held of this model by hand.
    project
        Instead of an account: a project.
    """

    async def work(opened: Home) -> int:
        _not_both(account, project)
        if project:
            ended = await opened.service.resume_project(project)
        else:
            ended = await opened.service.resume(_one(opened, account), model)
        say(f"{ended} thing{'s' if ended != 1 else ''} no longer held back" if ended else "nothing was held back")
        return Exit.OK

    return in_home(work, home, **vendor.given())


@accounts.command
def plan(
    *,
    per_day: Annotated[float, Parameter(help="Clips a day.")],
    model: str,
    run_s: Annotated[float | None, Parameter(help="Seconds a clip runs; default: by the model's usual time.")] = None,
    home: HomeOptions = HOME,
    vendor: VendorOptions = VENDOR,
) -> int:
    """How many slots so many clips a day need, how long they will wait, and what to ask the vendor for.

    Parameters
    ----------
    model
        Model id or alias.
    """

    async def work(opened: Home) -> int:
        from wanreel.domain.errors import Invalid, Problem

        if per_day <= 0 or (run_s is not None and run_s <= 0):
            raise Invalid("", (Problem("per-day", "must be more than 0", str(per_day)),))
        found = await opened.service.slots_for(model, per_day, run_s)
        if home.json:
            print_json(found)
        else:
            for name, value in found.items():
                put(f"{name:16} {value}")
        return Exit.OK

    return in_home(work, home, **vendor.given())


def _lines(row: dict[str, Any]) -> list[list[str]]:
    """An account as a whole, then each of its models that has something to do."""
    whole = [row["account"], "all", str(row["running"]), "", str(row["waiting"]), row["region"], str(row["keys"])]
    lines = [[*whole, "; ".join(f"held back: {words}" for words in row["held"])]]
    for of in row["models"]:
        figures = [str(of[name]) for name in ("running", "slots", "waiting")]
        lines.append([row["account"], of["model"], *figures, row["region"], "", of["learned"].strip(" ()")])
    return lines


def _one(opened: Home, name: str) -> str:
    """The account that is meant; without a name, the only one. Raises NotFound, Invalid."""
    from wanreel.domain.errors import Invalid, Problem

    names = [known.account.id for known in opened.accounts.all()]
    if not name and len(names) > 1:
        raise Invalid("", (Problem("account", f"say which: {', '.join(names)}"),))
    return opened.accounts.get(name or opened.account.id).account.id


def _not_both(account: str, project: str | None) -> None:
    from wanreel.domain.errors import Invalid, Problem

    if account and project:
        raise Invalid("", (Problem("project", "is held on all accounts: give an account or a project"),))
