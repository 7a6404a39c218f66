"""Filters of admin lists that are those of a FilterSet, so that lists and API mean the same by a name."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from unfold.contrib.filters.admin import DropdownFilter


def admin_filter(filters: type[django_filters.FilterSet], name: str, title: str | Promise) -> type[DropdownFilter]:
    """The filter ``name`` of ``filters``, which has choices, in an admin list; a choice that is none lists nothing."""
    choices = [(str(value), label) for value, label in filters.base_filters[name].extra["choices"]]

    class FilterOfSet(DropdownFilter):  # type: ignore[misc]  # unfold has no types
        parameter_name = name

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str | Promise]]:
            return choices

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            if self.value() is None:
                return queryset
            wanted = filters({name: [self.value()]} if _is_multiple(filters, name) else {name: self.value()}, queryset)
            return wanted.qs if wanted.is_valid() else queryset.none()

    FilterOfSet.title = title
    return FilterOfSet


def _is_multiple(filters: type[django_filters.FilterSet], name: str) -> bool:
    return isinstance(filters.base_filters[name], django_filters.MultipleChoiceFilter)
