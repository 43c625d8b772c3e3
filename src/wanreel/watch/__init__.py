"""Watching: one look at an account's task list answers for many tasks; when to look next is a pure decision."""
