"""The compose file and the image's file fit what we have: settings, commands, ports, paths, versions; and hide keys."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sysconfig
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest

from tests.deploy.papers import (
    APP,
    COMPOSE,
    CONTAINERFILE,
    ROOT,
    asked_variables,
    commented_example,
    compose,
    environment_of_image,
    filled_example,
    last,
    own_environment,
    steps,
)
from wanreel.api.app import document
from wanreel.cli.main import app
from wanreel.cli.serve import PORT
from wanreel.metrics.server import PATH as METRICS
from wanreel.settings import Settings, load, stray_variables

ENV = filled_example()
SECRETS = ("DASHSCOPE_API_KEY", "POSTGRES_PASSWORD", "AWS_SECRET_ACCESS_KEY")


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    """The compose file as it is with the example filled in."""
    return compose(ENV)


def options(command: list[str]) -> dict[str, Any]:
    """What a command's words mean to it. Raises CycloptsError where it takes them otherwise."""
    _, bound, _ = app.parse_args(command, exit_on_error=False, print_error=False)
    return bound.arguments


def checks(whole: dict[str, Any]) -> Iterator[tuple[str, list[str], str]]:
    """Each service of ours that serves, its command and the URL by which it is asked whether it is well."""
    for name in ("api", "worker"):
        service = whole["services"][name]
        yield name, service["command"], asked_by(service["healthcheck"]["test"])
    yield "image", json.loads(last("CMD")), asked_by(json.loads(last("HEALTHCHECK").partition("CMD ")[2]))


def asked_by(check: list[str]) -> str:
    """The URL that a check asks."""
    (url,) = re.findall(r"http://[^'\s]+", check[-1])
    return url


def test_it_is_a_compose_file(whole: dict[str, Any]) -> None:
    """By the schema of the Compose specification."""
    schema = files("check_jsonschema").joinpath("builtin_schemas/vendor/compose-spec.json").read_text("utf-8")
    jsonschema.validate(whole, json.loads(schema))


def test_every_variable_it_asks_for_is_in_the_example() -> None:
    """Who copies the example and fills it in has all that is asked for; a key that is not set stops compose."""
    assert asked_variables() - {"WANREEL_IMAGE"} <= set(ENV)
    for name in SECRETS[1:]:
        with pytest.raises(KeyError, match=name):
            compose(ENV | {name: ""})


@pytest.mark.parametrize("name", APP)
def test_what_is_set_are_settings_of_ours(
    name: str, whole: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each variable is one that something reads, and all of them together make valid settings."""
    for variable in os.environ:
        if variable.startswith(("WANREEL_", "DASHSCOPE_")):
            monkeypatch.delenv(variable)
    given = own_environment(whole["services"][name], ENV | commented_example())
    assert {"WANREEL_HOSTS", "WANREEL_PUBLIC_URL"} <= commented_example().keys()
    for variable, value in given.items():
        monkeypatch.setenv(variable, value)
    assert [] == stray_variables()
    settings = load(home=tmp_path)
    assert f"postgresql://wanreel:{ENV['POSTGRES_PASSWORD']}@db:5432/wanreel" == settings.database
    assert "s3://wanreel/clips" == str(settings.archive_at).rstrip("/")
    assert settings.api_key is not None
    assert ENV["DASHSCOPE_API_KEY"] == settings.api_key.get_secret_value()


def test_every_command_is_one_of_ours(whole: dict[str, Any]) -> None:
    """Compose's and the image's own commands are taken by the command line as they stand."""
    assert ["wanreel"] == json.loads(last("ENTRYPOINT"))
    for command in [*(whole["services"][name]["command"] for name in APP), json.loads(last("CMD"))]:
        options(command)


def test_health_is_asked_where_it_is_told(whole: dict[str, Any]) -> None:
    """Port and path of each check are a port that command listens on and a path it answers."""
    ours = document()["paths"]
    for name, command, url in checks(whole):
        asked, given = urlsplit(url), options(command)
        metrics = given.get("metrics")
        assert asked.hostname == "127.0.0.1"
        assert asked.port == (int(metrics.rpartition(":")[2]) if metrics else given.get("port", PORT)), name
        assert asked.path == METRICS if metrics else "get" in ours[asked.path], name
    assert "8080" == last("EXPOSE")
    assert ["127.0.0.1:8080:8080"] == whole["services"]["api"]["ports"]


def test_what_others_are_called_is_what_they_are_asked_by(whole: dict[str, Any]) -> None:
    """The names and ports in our addresses are services of the file, at the ports they listen on."""
    services = whole["services"]
    database = urlsplit(services["api"]["environment"]["WANREEL_DATABASE_URL"])
    storage = urlsplit(services["api"]["environment"]["WANREEL_ARCHIVE_ENDPOINT"])
    assert (database.username, database.password) == ("wanreel", services["db"]["environment"]["POSTGRES_PASSWORD"])
    assert database.path == f"/{services['db']['environment']['POSTGRES_DB']}"
    assert database.hostname in services
    assert storage.hostname in services
    assert f"-s3.port={storage.port}" in services["s3"]["command"]
    assert f"-ip={storage.hostname}" in services["s3"]["command"]
    assert services["s3"]["environment"].items() <= ENV.items()


def test_folders_that_are_written_are_volumes_the_image_has_made(whole: dict[str, Any]) -> None:
    """A container's own disk is read-only: home and spool are volumes, of folders that belong to the image's user."""
    image = environment_of_image()
    for name in APP:
        service = whole["services"][name]
        mounts = dict(volume.split(":") for volume in service["volumes"])
        assert mounts.keys() <= whole["volumes"].keys()
        assert service["read_only"]
        assert image["WANREEL_HOME"] in mounts.values()
        assert name == "migrate" or image["WANREEL_SPOOL"] in mounts.values()
    user = last("USER").split(":")[0]
    assert user.isdecimal()
    assert int(user) > 0
    (made,) = [step.shell for step in steps() if step.stage == 1 and step.word == "RUN"]
    assert f"install -d -o {user} -g {user}" in made
    assert made.endswith(f"{image['WANREEL_HOME']} {image['WANREEL_SPOOL']}")


def test_versions_are_those_the_tests_run_on(whole: dict[str, Any]) -> None:
    """PostgreSQL, the S3 server, Python and ourselves: what is deployed is what was tested."""
    weed = subprocess.run([Path(sysconfig.get_path("scripts"), "weed"), "version"], capture_output=True, check=True)
    of_weed = weed.stdout.decode().split()[2]
    assert whole["services"]["s3"]["image"].endswith(f":{of_weed}")
    assert "pginstall18" in (ROOT / "tests" / "store" / "pg_server.py").read_text("utf-8")
    assert whole["services"]["db"]["image"].endswith("postgres:18")
    image_text = CONTAINERFILE.read_text("utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["requires-python"] == ">=" + re.findall(r"^ARG PYTHON=(.+)$", image_text, re.MULTILINE)[0]
    assert all(whole["services"][name]["image"] == f"wanreel:{project['version']}" for name in APP)
    assert f"-t wanreel:{project['version']} ." in image_text


def test_no_secret_stands_in_a_file_or_goes_into_a_layer() -> None:
    """Keys come from `.env`, which neither git nor the build sees; those of registries are there for one command."""
    compose_text = COMPOSE.read_text("utf-8")
    for name in SECRETS:
        assert not re.search(rf"{name}: (?!\$\{{)", compose_text), name
    for step in steps():
        if step.word in {"ARG", "ENV"}:
            assert not re.search(r"KEY|PASSWORD|SECRET|TOKEN|INDEX_URL", step.rest), step
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert "*" == next(line for line in ignored if line and not line.startswith("#"))
    assert {"**/.env", "**/*.env"} <= set(ignored)
    assert "/deploy/.env" in (ROOT / ".gitignore").read_text("utf-8").splitlines()
    copied = [step.rest for step in steps() if step.word == "COPY" and step.stage == 1]
    assert ["--from=build /srv/wanreel /srv/wanreel"] == copied


def test_what_is_installed_is_locked() -> None:
    """Every install checks hashes, or takes the wheel just built and nothing else."""
    installs = [part for s in steps() if s.word == "RUN" for part in s.shell.split("&&") if "pip install" in part]
    assert 2 == len(installs)
    for install in installs:
        assert "--require-hashes" in install or {"--no-deps", "--no-index"} <= set(install.split())
    names = {line.partition("==")[0] for line in (ROOT / "requirements" / "image.txt").read_text().splitlines()}
    assert {"asyncpg", "botocore", "alibabacloud-oss-v2", "mcp", "temporalio", "opentelemetry-sdk"} <= names


def test_a_stop_is_waited_for(whole: dict[str, Any]) -> None:
    """SIGTERM goes to our own process, which gets longer than its downloads do at the end."""
    assert "SIGTERM" == last("STOPSIGNAL")
    assert last("ENTRYPOINT").startswith("[")  # no shell in between that would keep the signal to itself
    for name in APP:
        assert "2m" == whole["services"][name]["stop_grace_period"]
        assert "init" not in whole["services"][name]
    assert 2 == whole["services"]["worker"]["deploy"]["replicas"]


def test_settings_named_in_the_example_exist() -> None:
    """A typing error in a comment would be copied by everybody."""
    named = set(re.findall(r"WANREEL_[A-Z_]+", (ROOT / "deploy" / "wanreel.env.example").read_text("utf-8")))
    known = {f"WANREEL_{name.upper()}" for name in Settings.model_fields}
    assert named <= known


def test_what_the_page_has_docker_run_is_ours() -> None:
    """Each `docker compose run` and `exec` of the page names a service of the file and a command of ours."""
    text = (ROOT / "docs" / "how-to" / "deploy.md").read_text("utf-8")
    typed = re.findall(r"docker compose (?:run --rm|exec) (?:-T )?([a-z0-9-]+) ([^\n#|>`]+)", text)
    ours = [words.removeprefix("wanreel ").split() for service, words in typed if service in APP]
    assert 4 <= len(ours)
    for words in ours:
        options(words)
    services = compose(ENV)["services"]
    assert {service for service, _ in typed} <= set(services)
    for line in re.findall(r"docker compose (?:up|stop|logs|ps|restart)[^\n#|`]*", text):
        named = [word for word in line.split()[3:] if word[0] != "-" and "=" not in word]
        assert set(named) <= set(services), line
