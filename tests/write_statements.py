"""``python -m tests.write_statements`` writes anew the statements that tests compare: of questions, of a cluster."""

from __future__ import annotations

import os

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "insights_site.settings")
    django.setup()
    from tests.events.test_clusters import EXPECTED, all_statements
    from tests.insights.test_statements import FILES, statement_of

    for each in FILES:
        line = each.read_text().partition("\n")[0]
        each.write_text(f"{line}\n{statement_of(line.removeprefix('-- '))}")
    EXPECTED.write_text(all_statements())


if __name__ == "__main__":
    main()
