"""Tokens of organizations, limited to sites, renewed with an overlap, and with ids of their own."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import apps.core.ids


def name_tokens(known, schema_editor):
    """Each token that there is gets an id of its own."""
    tokens = known.get_model("organizations", "ApiToken").objects.using(schema_editor.connection.alias)
    for token in tokens.filter(public_id=None):
        token.public_id = apps.core.ids.new_token_id()
        token.save(update_fields=["public_id"])


class Migration(migrations.Migration):

    dependencies = [
        ("organizations", "0004_invitation"),
        ("sites", "0005_share_link"),
    ]

    operations = [
        migrations.AddField(
            model_name="apitoken",
            name="created_by",
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="old_ends_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="old_hash",
            field=models.CharField(editable=False, max_length=64, null=True, unique=True),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="only_some_sites",
            field=models.BooleanField(default=False, help_text="It reaches the chosen sites alone: none where all of them are gone."),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="public_id",
            field=models.CharField(editable=False, max_length=64, null=True),
        ),
        migrations.RunPython(name_tokens, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name="apitoken",
            name="public_id",
            field=models.CharField(default=apps.core.ids.new_token_id, editable=False, max_length=64, unique=True),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="sites",
            field=models.ManyToManyField(blank=True, related_name="tokens", to="sites.site"),
        ),
        migrations.AlterField(
            model_name="apitoken",
            name="user",
            field=models.ForeignKey(blank=True, help_text="Whom it acts for. Empty: the organization itself.", null=True, on_delete=django.db.models.deletion.CASCADE, related_name="tokens", to=settings.AUTH_USER_MODEL),
        ),
    ]
