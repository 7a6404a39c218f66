"""Entries of the audit tell where they come from, are found by organization, and are kept by the database itself."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

import apps.core.origin
from apps.organizations import triggers


def add_triggers(_apps: Any, editor: Any) -> None:
    triggers.add(editor.connection)


def remove_triggers(_apps: Any, editor: Any) -> None:
    triggers.remove(editor.connection)


class Migration(migrations.Migration):
    dependencies = [("organizations", "0005_tokens")]

    operations = [
        migrations.AddField(
            model_name="auditentry",
            name="origin",
            field=models.CharField(
                blank=True,
                default="",
                editable=False,
                help_text="Keyed hash of the network; empty for commands and tasks.",
                max_length=32,
                verbose_name="from",
            ),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="origin",
            field=models.CharField(
                blank=True,
                default=apps.core.origin.current_origin,
                editable=False,
                help_text="Keyed hash of the network; empty for commands and tasks.",
                max_length=32,
                verbose_name="from",
            ),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="organization",
            field=models.CharField(blank=True, db_index=True, help_text="Id.", max_length=64),
        ),
        migrations.RunPython(add_triggers, remove_triggers),
    ]
