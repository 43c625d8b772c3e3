"""`wanreel accounts`: what each may do and does, pausing by hand, and planning."""

from __future__ import annotations

import pytest

from tests.cli.terminal import Terminal


def test_accounts_are_listed_without_their_keys(terminal: Terminal) -> None:
    """Address, number of keys, what runs and waits; a key is never shown."""
    terminal.home.mkdir()
    (terminal.home / "config.toml").write_text('[accounts.film]\napi_key = "sk-film-0123456789"\n')
    ran = terminal("accounts", "list", "--json")
    assert (0, 2) == (ran.code, len(ran.objects))
    own, film = ran.objects
    assert terminal.env["WANREEL_VENDOR_URL"] == own["base_url"] if "WANREEL_VENDOR_URL" in terminal.env else True
    assert ("film", 1, []) == (film["account"], film["keys"], film["held"])
    assert "sk-film" not in ran.out
    assert "film" in terminal("accounts", "list").out


def test_an_account_is_paused_and_goes_on(terminal: Terminal) -> None:
    """What is ordered meanwhile waits and says why, through another start; then it is made."""
    assert 0 == terminal("accounts", "park", "--why", "we are moving house").code
    ran = terminal("generate", "a paper boat", "--json")
    assert 3 == ran.code
    assert "we are moving house" in ran.out + ran.err
    shown = terminal("accounts", "list", "--json").objects[0]
    assert ["every model: we are moving house"] == shown["held"]
    assert 1 == shown["waiting"]
    assert 3 == terminal("worker", "--until-idle").code

    assert "1 thing no longer" in terminal("accounts", "resume").err
    assert "nothing was held back" in terminal("accounts", "resume").err
    assert 0 == terminal("worker", "--until-idle").code


def test_a_project_is_paused_alone(terminal: Terminal) -> None:
    """Its jobs wait, another's are made."""
    assert 0 == terminal("accounts", "park", "--project", "film").code
    assert 3 == terminal("generate", "a paper boat", "--project", "film").code
    assert 0 == terminal("generate", "a paper kite", "--project", "other").code
    assert 0 == terminal("accounts", "resume", "--project", "film").code
    assert 0 == terminal("worker", "--until-idle").code


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("park", "nobody"), "there is no account nobody"),
        (("park", "x", "--project", "p"), "give an account or a project"),
        (("plan", "--model", "wan2.5-t2v-preview", "--per-day", "0"), "more than 0"),
        (("plan", "--model", "wan2.5-t2v-prevew", "--per-day", "9"), "did you mean wan2.5-t2v-preview"),
        (("plan", "--model", "nosuch", "--per-day", "9"), "not in the catalog: `wanreel models list` shows all"),
    ],
)
def test_what_makes_no_sense_is_said(terminal: Terminal, words: tuple[str, ...], told: str) -> None:
    """In words, with what would."""
    ran = terminal("accounts", *words)
    assert 0 != ran.code
    assert told in ran.err


def test_a_day_is_planned(terminal: Terminal) -> None:
    """How many slots it takes, how long clips wait, what to ask for."""
    (few,) = terminal("accounts", "plan", "--per-day", "100", "--model", "wan2.5-t2v-preview", "--json").objects
    assert (5, 1) == (few["slots_now"], few["slots_needed"])
    assert few["to_ask_for"].startswith("nothing")
    (many,) = terminal("accounts", "plan", "--per-day", "9000", "--model", "wan2.5-t2v-preview", "--json").objects
    assert "15 more concurrent tasks" in many["to_ask_for"]
    assert "for ever" in many["wait"]


def test_where_events_are_received_must_be_a_place(terminal: Terminal) -> None:
    """A host and a port; a port that is taken is said."""
    for place in ("8080", "127.0.0.1:", ":80", "127.0.0.1:99999"):
        ran = terminal("worker", "--until-idle", "--hooks", place)
        assert "HOST:PORT" in ran.err
