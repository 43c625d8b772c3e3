"""Settings: where a value comes from, which source wins, and what is told when one cannot be used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wanreel.domain.errors import Invalid
from wanreel.domain.policy import Policy
from wanreel.settings import Settings, load, stray_variables

KEY = "sk-secret-0123456789"


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """None of this machine's own variables, and a home of this test's."""
    for name in list(os.environ):
        if name.startswith(("WANREEL_", "DASHSCOPE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("WANREEL_HOME", str(tmp_path))


def wrong(**given: object) -> dict[str, str]:
    """What is told of settings that cannot be used, by name."""
    with pytest.raises(Invalid) as refused:
        load(**given)
    assert KEY not in str(refused.value)
    return {problem.field: problem.message for problem in refused.value.problems}


def test_an_argument_beats_the_environment_beats_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each source is used where the stronger ones are silent."""
    (tmp_path / "config.toml").write_text('vendor_url = "http://file"\nproject = "film"\n[policy]\npoll_first_s = 3\n')
    assert "http://file" == load().vendor_url
    monkeypatch.setenv("WANREEL_VENDOR_URL", "http://environment")
    monkeypatch.setenv("WANREEL_POLICY__QUIET_S", "1")
    settings = load()
    assert ("http://environment", "film") == (settings.vendor_url, settings.project)
    assert (3, 1) == (settings.figures().poll_first_s, settings.figures().quiet_s)
    assert "http://argument" == load(vendor_url="http://argument").vendor_url
    assert "http://environment" == load(vendor_url=None).vendor_url


def test_our_names_beat_the_vendors(monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of hosts is WANREEL_VENDOR_URL, DASHSCOPE_BASE_URL, DASHSCOPE_HTTP_BASE_URL, the region's."""
    assert load().vendor_url is None
    for name in ("DASHSCOPE_HTTP_BASE_URL", "DASHSCOPE_BASE_URL", "WANREEL_VENDOR_URL"):
        monkeypatch.setenv(name, f"http://{name.lower()}")
        assert f"http://{name.lower()}" == load().vendor_url


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty WANREEL_API_KEY does not hide the vendor's own variable."""
    monkeypatch.setenv("WANREEL_API_KEY", "")
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    key = load().api_key
    assert key is not None
    assert KEY == key.get_secret_value()
    assert KEY not in repr(load())


def test_lists_as_people_write_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts by comma or space, a command by the shell's rules, slots as JSON."""
    monkeypatch.setenv("WANREEL_RESULT_HOSTS", "a.example, b.example")
    monkeypatch.setenv("WANREEL_NOTIFY_COMMAND", "notify --to 'me, you'")
    monkeypatch.setenv("WANREEL_SLOTS", '{"*": 2}')
    settings = load()
    assert ("a.example", "b.example") == settings.result_hosts
    assert ("notify", "--to", "me, you") == settings.notify_command
    assert {"*": 2} == settings.slots


def test_figures_keep_their_kind() -> None:
    """Counts are whole numbers, whatever they were written as; without figures the policy is the default one."""
    assert Policy() == load().figures()
    figures = load(policy={"unknown_looks": 3.0, "poll_max_s": 7}).figures()
    assert (3, int) == (figures.unknown_looks, type(figures.unknown_looks))


@pytest.mark.parametrize(
    ("given", "name", "said"),
    [
        ({"policy": {"speed": 1}}, "policy", "no such figure: speed; known are"),
        ({"policy": {"poll_max_s": -1}}, "policy", "must be a number from 0: poll_max_s"),
        ({"policy": {"poll_max_s": float("nan")}}, "policy", "poll_max_s"),
        ({"slots": {"*": 0}}, "slots.*", "greater than or equal to 1"),
        ({"connect_timeout_s": 0}, "connect_timeout_s", "greater than 0"),
        ({"notify_command": "sh -c 'open"}, "notify_command", "as a shell would read it"),
        ({"nonsense": 1}, "nonsense", "is no setting"),
    ],
)
def test_values_that_cannot_be(given: dict[str, object], name: str, said: str) -> None:
    """The setting's name and what is allowed; never a value, which may be the key."""
    assert said in wrong(**given, api_key=KEY)[name]


def test_a_variable_that_is_no_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting is named, with an example."""
    monkeypatch.setenv("WANREEL_SLOTS", "two")
    assert {"slots": 'must be JSON, like {"*": 2}'} == wrong()


def test_a_file_that_is_no_toml(tmp_path: Path) -> None:
    """The file is named, with the line."""
    config = tmp_path / "config.toml"
    config.write_text("region =\n")
    assert "line 1" in wrong()[str(config)]
    config.write_bytes(b"\xff\xfe")
    assert "is not valid TOML" in wrong()[str(config)]


def test_the_archive_does_not_move_with_the_folder_a_command_is_run_in(tmp_path: Path) -> None:
    """A relative archive lies in the home; an absolute one where it says."""
    assert str(tmp_path / "archive") == load().archive_at.folder
    assert str(tmp_path / "clips") == load(archive=Path("clips")).archive_at.folder
    assert "/clips" == load(archive=Path("/clips")).archive_at.folder


def test_homes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`~` is the user's folder, a relative home is made absolute, a user nobody knows is told."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert tmp_path / "w" == load(home="~/w").home
    assert tmp_path / "w" == load(home="w").home
    assert "does not exist" in wrong(home="~nobody-like-this/w")["home"]


def test_misspelt_variables_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """What begins like ours and is none; nested figures and the log's level are."""
    monkeypatch.setenv("WANREEL_POLICY__POLL_MAX_S", "1")
    monkeypatch.setenv("WANREEL_LOG", "debug")
    assert [] == stray_variables()
    monkeypatch.setenv("WANREEL_APIKEY", "x")
    assert ["WANREEL_APIKEY"] == stray_variables()
    monkeypatch.setenv("WANREEL_ACCOUNTS", '{"b": {"api_key_env": "WANREEL_APIKEY"}}')
    assert [] == stray_variables(), "it holds an account's key"


def test_every_setting_says_what_it_is() -> None:
    """The reference is made from these words."""
    assert [] == [name for name, field in Settings.model_fields.items() if not field.description]


def test_an_archive_that_cannot_be_is_refused_before_anything_is_bought(tmp_path: Path) -> None:
    """A misspelt address ends where settings are read, in words."""
    with pytest.raises(Invalid, match="no storage wanreel knows"):
        load(home=tmp_path, archive="gs://bucket")
    with pytest.raises(Invalid, match="archive_endpoint"):
        load(home=tmp_path, archive="s3://bucket", archive_endpoint="s3.local:9000")
    assert "s3://bucket/a/" == str(load(home=tmp_path, archive="s3://bucket/a").archive_at)


@pytest.mark.parametrize("rules", ['{"a/b": 3}', '{" films": 3}', '{"": 3}', '{"films": -1}', '{"films": Infinity}'])
def test_a_rule_of_age_names_a_project_and_a_number(monkeypatch: pytest.MonkeyPatch, rules: str) -> None:
    """What could never count for anything is refused."""
    monkeypatch.setenv("WANREEL_RETENTION", rules)
    with pytest.raises(Invalid, match="retention"):
        load()
    monkeypatch.setenv("WANREEL_RETENTION", '{"*": 30, "films": 3}')
    assert {"*": 30, "films": 3} == load().retention
