"""A page for people: what was made, what it would have cost, which calls came. Everything shown is escaped."""

from __future__ import annotations

from html import escape

from wanreel.emulator.desk import Desk
from wanreel.emulator.hours import iso
from wanreel.emulator.tasks import SUCCEEDED, Task

ROWS_MAX = 200
_STYLE = """
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:92rem;padding:0 1rem}
body{color:#1c2430;background:#fbfaf7}
h1{font-size:1.5rem;margin:0 0 .2rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}p{color:#5a6472;margin:.2rem 0}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #e4e1d8;vertical-align:top}
td,code{white-space:nowrap}td.p{white-space:normal;min-width:14rem}
th{color:#5a6472;font-weight:600}td.n{text-align:right;font-variant-numeric:tabular-nums}code{font-size:.85em}
.figures{display:flex;gap:2.2rem;flex-wrap:wrap;margin:1.2rem 0}.figures b{display:block;font-size:1.6rem}
.SUCCEEDED{color:#17724a}.FAILED,.bad{color:#b3261e}.RUNNING{color:#9a6200}.PENDING,.CANCELED{color:#5a6472}
"""


def page(desk: Desk, now: float) -> str:
    """The whole page."""
    figures = desk.figures(now)
    tasks = desk.tasks(now)[-ROWS_MAX:][::-1]
    calls = list(desk.log)[-ROWS_MAX:][::-1]
    scripts = desk.gate.scripts.unmet()
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<meta http-equiv=refresh content=5><title>wanreel emulator</title><style>{_STYLE}</style></head><body>"
        f"<h1>wanreel emulator</h1><p>Base URL <code>{escape(desk.host_url)}/api/v1</code>, its time {iso(now)}</p>"
        "<div class=figures>"
        + _figure("tasks accepted", figures["tasks_accepted"])
        + _figure("paid seconds", f"{figures['paid_seconds']:g}")
        + _figure("succeeded", figures["tasks_succeeded"])
        + _figure("failed", figures["tasks_failed"])
        + _figure("calls", sum(figures["requests"].values()))
        + _figure("scripts not fully met", len(scripts))
        + "</div><h2>Tasks</h2>"
        + _table(
            ("task", "account", "model", "status", "prompt", "clip", "submitted"),
            [_task_row(desk, task, now) for task in tasks],
            "No task yet. Point a client at the base URL.",
        )
        + "<h2>Calls</h2>"
        + _table(
            ("time", "call", "account", "answer", "code", "fault", "task"),
            [_call_row(call) for call in calls],
            "No call yet.",
        )
        + "</body></html>"
    )


def _figure(label: str, value: object) -> str:
    return f"<div><b>{escape(str(value))}</b>{escape(label)}</div>"


def _table(heads: tuple[str, ...], rows: list[str], empty: str) -> str:
    if not rows:
        return f"<p>{escape(empty)}</p>"
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _task_row(desk: Desk, task: Task, now: float) -> str:
    status = task.status_at(now)
    shot = task.shot
    prompt = (task.orig_prompt or "")[:160]
    clip = escape(f"{shot.width}x{shot.height}, {shot.duration_s:g} s, {shot.fps} fps")
    if status == SUCCEEDED and not task.no_url and task.expires_at > now:
        url = desk.result_url(task, now)
        clip = f"<a href='{escape(url)}'>{clip}</a>"
    words = f"{status} {task.code}" if status == "FAILED" else status
    return (
        f"<tr><td><code>{escape(task.id)}</code></td><td>{escape(task.account)}</td><td>{escape(task.model)}</td>"
        f"<td class={status}>{escape(words)}</td><td class=p>{escape(prompt)}</td><td>{clip}</td>"
        f"<td>{iso(task.submit_at)}</td></tr>"
    )


def _call_row(call: dict[str, object]) -> str:
    bad = " class=bad" if call["status"] != 200 else ""
    answer = call["status"] or "none"
    return (
        f"<tr><td>{iso(float(str(call['at'])))}</td><td>{escape(str(call['operation']))}</td>"
        f"<td>{escape(str(call['account']))}</td><td{bad}>{escape(str(answer))}</td><td>{escape(str(call['code']))}</td>"
        f"<td>{escape(str(call['fault']))}</td><td><code>{escape(str(call['task_id']))}</code></td></tr>"
    )
