"""deploy: the dashboard and the alerts are about figures that there are, and the guide tells of each alert."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client
from pytest_django import Settings

from apps.dashboard.reports import REPORTS
from apps.dashboard.who_asks import PAGES
from apps.events.records import Reason
from apps.events.store import EventStore
from apps.rollups.answers import Source
from insights_site.health import PARTS
from tests.people import World

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "watching.md").read_text()
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy" / "grafana" / "insights.json").read_text())
ALERTS: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yml").read_text())
RULES: list[dict[str, Any]] = [rule for group in ALERTS["groups"] for rule in group["rules"]]
OF_PROMETHEUS = {"up"}
"""Figures that Prometheus makes itself."""
TOKEN = "a token for monitoring"


def panels() -> list[dict[str, Any]]:
    """The panels with figures: rows only stand above others."""
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[tuple[str, str]]:
    """Where it stands, and what is asked of Prometheus."""
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for rule in RULES:
        yield rule["alert"], rule["expr"]


def names_in(expression: str) -> set[str]:
    """The figures that an expression names: words that are neither functions nor labels."""
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\b(?:by|without) \([^)]*\)", "", expression)
    words = set(re.findall(r"\b[a-z_][a-z0-9_]+(?![a-z0-9_]*\s*\()", bare))
    return words - {"and", "or", "unless", "by", "without", "bool"}


def labels_in(expression: str) -> set[tuple[str, str]]:
    """Labels that an expression selects or groups by, with the figures that it names."""
    selected = {
        (name, label)
        for name, within in re.findall(r"(\w+)\{([^}]*)\}", expression)
        for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", within)
    }
    grouped = [name.strip() for names in re.findall(r"\bby \(([^)]*)\)", expression) for name in names.split(",")]
    return selected | {(name, label) for name in names_in(expression) for label in grouped}


@pytest.fixture
def told(world: World, store: EventStore, settings: Settings) -> str:
    """What ``/metrics`` gives."""
    settings.METRICS_TOKEN = TOKEN
    return Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).content.decode()


def samples_of(told: str) -> set[str]:
    """The names of all samples that there may be: of histograms, three."""
    names = set()
    for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", told, re.MULTILINE):
        names |= {f"{name}{end}" for end in ("_bucket", "_sum", "_count")} if kind == "histogram" else {name}
    return names


def test_names_are_found_in_expressions() -> None:
    asked = (
        'histogram_quantile(0.95, sum by (le, task) (rate(a_bucket{outcome="done"}[5m]))) > 2e9 * b_count or up == 0'
    )
    assert names_in(asked) == {"a_bucket", "b_count", "up"}
    assert labels_in(asked) == {("a_bucket", "outcome")} | {
        (name, label) for name in ("a_bucket", "b_count", "up") for label in ("le", "task")
    }


def test_every_figure_of_dashboard_and_alerts_is_one_that_there_is(told: str) -> None:
    known = samples_of(told) | OF_PROMETHEUS
    assert len(known) > 30
    for where, expression in expressions():
        assert names_in(expression), where
        assert names_in(expression) <= known, where


def test_the_dashboard_shows_every_figure_of_the_service(told: str) -> None:
    shown = {name for panel in panels() for target in panel["targets"] for name in names_in(target["expr"])}
    families = re.findall(r"^# TYPE (insights_\w+) ", told, re.MULTILINE)
    assert {name for name in families if not any(each.startswith(name) for each in shown)} == set()


def test_every_label_is_one_that_the_guide_of_figures_names() -> None:
    text = (ROOT / "docs" / "metrics.md").read_text()
    rows = re.findall(r"^\| `(insights_\w+)` \| (\w+)(?:, by ([^|]*))? \|", text, re.MULTILINE)
    labels = {
        name: set(re.findall(r"`(\w+)`", by)) | ({"le"} if kind == "histogram" else set()) for name, kind, by in rows
    }
    assert labels["insights_query_seconds"] == {"asked_by", "source", "le"}
    for where, expression in expressions():
        for name in filter(re.compile("insights_").match, names_in(expression)):
            [family] = [each for each in labels if re.fullmatch(rf"{each}(_bucket|_sum|_count)?", name)]
            used = {label for of, label in labels_in(expression) if of == name}
            assert used <= labels[family], where


def test_every_reason_that_is_named_is_one() -> None:
    for _where, expression in expressions():
        for reasons in re.findall(r'reason[=!]~"([^"]*)"', expression):
            assert set(reasons.split("|")) <= set(Reason.values)


def test_the_dashboard_has_the_shape_that_an_import_takes() -> None:
    assert DASHBOARD["id"] is None  # else the import would replace another dashboard
    assert DASHBOARD["title"]
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,40}", DASHBOARD["uid"])
    assert DASHBOARD["schemaVersion"] >= 36
    [variable] = DASHBOARD["templating"]["list"]
    assert (variable["type"], variable["query"]) == ("datasource", "prometheus")
    identities = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(identities) == len(set(identities)) > 20
    required = {each["id"] for each in DASHBOARD["__requires"] if each["type"] == "panel"}
    assert required == {panel["type"] for panel in panels()}
    for panel in panels():
        assert panel["title"]
        for place in (panel, *panel["targets"]):
            assert place["datasource"] == {"type": "prometheus", "uid": f"${{{variable['name']}}}"}
        references = [target["refId"] for target in panel["targets"]]
        assert len(references) == len(set(references)) >= 1


def test_no_panel_stands_on_another_or_beyond_the_edge() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] >= 0
        assert place["x"] + place["w"] <= 24
        fields = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not fields & taken, panel["title"]
        taken |= fields


def test_every_alert_is_whole_and_in_the_guide() -> None:
    for rule in RULES:
        assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}, rule["alert"]
        assert re.fullmatch(r"\d+[mh]", rule.get("for", "1m"))
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert rule["annotations"]["summary"]
    assert re.findall(r"^\| `(Insights\w+)` \|", GUIDE, re.MULTILINE) == [rule["alert"] for rule in RULES]


def test_the_guide_of_figures_names_who_asks_and_what_answers() -> None:
    text = (ROOT / "docs" / "metrics.md").read_text()
    said = text.split("`asked_by` is ")[1].split("\n\n")[0]
    asked_by, source = said.split("`source` is ")
    assert set(re.findall(r"`(\w+)`", asked_by)) == {"api", "other", *PAGES.values()}
    assert set(re.findall(r"`(\w+)`", source)) == {each.value for each in Source}
    assert not set(PAGES.values()) & set(REPORTS)


def test_the_guide_of_parts_lists_them() -> None:
    text = (ROOT / "docs" / "background.md").read_text()
    assert re.findall(r"^\| `(\w+)` \|", text.split("## Is it at work?")[1], re.MULTILINE) == list(PARTS)
