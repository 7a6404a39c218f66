"""The command that shows what a request becomes."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.people import World


def explain(*arguments: str) -> str:
    out = StringIO()
    call_command("explain_query", *arguments, stdout=out)
    return out.getvalue()


def test_it_prints_the_statement_and_its_parameters(world: World, tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    body.write_text(json.dumps({"range": "last7Days", "groupBy": [{"column": "urlPath"}]}))
    text = explain("--site", world.docs.public_id, str(body))
    assert text.startswith("-- raw\nSELECT\n    url_path AS c0,\n    count() AS c1,")
    assert f"-- p0 = {world.docs.pk}\n" in text


@pytest.mark.parametrize("body", ["{", '{"range":"soon"}', '{"range":"last7Days","limit":0}'])
def test_it_says_what_is_wrong_with_a_request(world: World, tmp_path: Path, body: str) -> None:
    file = tmp_path / "body.json"
    file.write_text(body)
    with pytest.raises(CommandError):
        explain("--site", world.docs.public_id, str(file))


def test_it_knows_only_sites_that_exist(world: World) -> None:
    with pytest.raises(CommandError, match="There is no site site_nowhere"):
        explain("--site", "site_nowhere", "-")


def test_its_help_tells_what_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command("explain_query", "--help")
    assert "--site SITE_ID" in capsys.readouterr().out
