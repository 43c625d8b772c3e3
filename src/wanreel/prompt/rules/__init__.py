"""The rules, one file a label: each reads a prompt and yields what it found."""
