"""``python -m tests.insights.write_statements`` writes the files of ``statements/`` anew, each from its first line."""

from __future__ import annotations

import os

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "insights_site.settings")
    django.setup()
    from tests.insights.test_statements import FILES, statement_of

    for each in FILES:
        line = each.read_text().partition("\n")[0]
        each.write_text(f"{line}\n{statement_of(line.removeprefix('-- '))}")


if __name__ == "__main__":
    main()
