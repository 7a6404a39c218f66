"""Which release this is."""

VERSION = "0.1.0"
BUILD = "2026-11-23T00:00:00.000Z"
