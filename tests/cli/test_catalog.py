"""`wanreel models`: what the catalog knows, in words and as data."""

from tests.cli.terminal import Terminal


def test_list_and_its_regions(terminal: Terminal) -> None:
    """Every model has a row; a region narrows them; an unknown region is refused."""
    everywhere = {job["id"] for job in terminal("models", "list", "--json").objects}
    singapore = {job["id"] for job in terminal("models", "list", "--region", "ap-southeast-1", "--json").objects}
    assert {"wan2.5-t2v-preview", "wan2.2-kf2v-flash"} <= everywhere
    assert singapore < everywhere
    assert 2 == terminal("models", "list", "--region", "mars").code
    assert len(everywhere) == len(terminal("models", "list", "--no-header").lines)


def test_show_tells_rules_and_prices_with_their_sources(terminal: Terminal) -> None:
    """Sizes, lengths and limits as a person needs them, each price with its date."""
    ran = terminal("models", "show", "wan2.5-t2v-preview")
    assert 0 == ran.code
    assert "5 or 10" in ran.out
    assert "as of" in ran.out


def test_a_name_in_use_is_shown_with_what_it_stands_for(terminal: Terminal) -> None:
    """An alias leads to the official model and says so; a name nobody knows is not found."""
    (shown,) = terminal("models", "show", "wan2.5-t2v-plus", "--json").objects
    assert "wan2.5-t2v-preview" == shown["id"]
    assert shown["note_on_name"]
    ran = terminal("models", "show", "wan9.9-t2v", "--json")
    assert (4, "not_found") == (ran.code, ran.error["code"])
