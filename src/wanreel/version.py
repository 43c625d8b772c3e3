"""Which wanreel this is. Said here and not looked up among what is installed: that is a file to be found and parsed."""

VERSION = "0.1.0"
"""As in pyproject.toml; a test compares."""
