"""Servers of their own for tests, each a process that can be killed, hung and started again."""
