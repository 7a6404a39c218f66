"""JSON Schema of questions and answers, derived from the catalog of columns."""

from __future__ import annotations

from typing import Any

from apps.insights.catalog import CATALOG
from apps.insights.columns import Dimension, Metric
from apps.insights.moments import PRESETS
from apps.insights.query import MAX_COLUMNS, MAX_FILTERS, MAX_LIMIT, MAX_VALUES, Operator

Schema = dict[str, Any]
Definition = Dimension | Metric


def query_schemas() -> dict[str, Schema]:
    """The components that describe the aggregate operation, by name."""
    column = {"$ref": "#/components/schemas/Column"}
    return {
        "AggregateQuery": {
            "type": "object",
            "required": ["range"],
            "properties": {
                "range": {"$ref": "#/components/schemas/Range"},
                "select": {"type": "array", "items": column, "maxItems": MAX_COLUMNS},
                "where": {
                    "type": "array",
                    "items": {"$ref": "#/components/schemas/Filter"},
                    "maxItems": MAX_FILTERS,
                    "description": "Joined by AND.",
                },
                "groupBy": {
                    "type": "array",
                    "items": {"$ref": "#/components/schemas/GroupedColumn"},
                    "maxItems": MAX_COLUMNS,
                },
                "order": {
                    "type": "object",
                    "required": ["by", "direction"],
                    "properties": {"by": column, "direction": {"type": "string", "enum": ["asc", "desc"]}},
                },
                "limit": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": MAX_LIMIT},
                "timezone": {
                    "type": "string",
                    "default": "UTC",
                    "description": "IANA name: buckets, dayOfWeek, hourOfDay and ranges without an offset are in it.",
                },
            },
        },
        "Range": {
            "oneOf": [
                {"type": "string", "enum": list(PRESETS)},
                {
                    "type": "object",
                    "required": ["from", "to"],
                    "properties": {name: {"type": "string", "format": "date-time"} for name in ("from", "to")},
                    "description": "Half-open: from ≤ t < to.",
                },
            ]
        },
        "Column": {"oneOf": [_column(each) for each in CATALOG.values()]},
        "GroupedColumn": {"oneOf": [_column(each) for each in CATALOG.values() if isinstance(each, Dimension)]},
        "Filter": {"oneOf": [_filter(each) for each in CATALOG.values() if _can_be_filtered(each)]},
        "AggregateResult": {
            "type": "object",
            "required": ["columns"],
            "properties": {"columns": {"type": "array", "items": {"$ref": "#/components/schemas/ResultColumn"}}},
        },
        "ResultColumn": {"oneOf": [_answer(each) for each in CATALOG.values()]},
    }


def _object(definition: Definition, properties: Schema, required: list[str]) -> Schema:
    return {
        "type": "object",
        "title": definition.name,
        "required": ["column", *required],
        "properties": {"column": {"type": "string", "enum": [definition.name]}, **properties},
    }


def _column(definition: Definition) -> Schema:
    argument = definition.argument
    properties = {argument.name: dict(argument.schema)} if argument else {}
    required = [argument.name] if argument and argument.required else []
    return {**_object(definition, properties, required), "description": str(definition.help)}


def _can_be_filtered(definition: Definition) -> bool:
    return isinstance(definition, Dimension) or definition.is_number


def _filter(definition: Definition) -> Schema:
    compares = isinstance(definition, Metric) or definition.kind.comparable
    argument = definition.argument if definition.argument and definition.argument.required else None
    properties = {
        **({argument.name: dict(argument.schema)} if argument else {}),
        "operator": {
            "type": "string",
            "enum": [operator.published for operator in Operator if compares or not operator.orders],
            "default": Operator.IN.published,
        },
        "values": {"type": "array", "items": _value(definition), "maxItems": MAX_VALUES},
    }
    return _object(definition, properties, [*([argument.name] if argument else []), "values"])


def _answer(definition: Definition) -> Schema:
    argument = definition.argument if definition.argument and definition.argument.repeated else None
    properties = {
        **({argument.name: dict(argument.schema)} if argument else {}),
        "values": {"type": "array", "items": _value(definition)},
    }
    return _object(definition, properties, [*([argument.name] if argument else []), "values"])


def _value(definition: Definition) -> Schema:
    return dict(definition.schema() if isinstance(definition, Metric) else definition.kind.schema())
