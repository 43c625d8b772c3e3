"""Prompts: what is wrong with one before it is paid for, and how a good one is put together. No I/O."""

from wanreel.prompt.finding import Finding, Fix, Severity
from wanreel.prompt.lint import lint
from wanreel.prompt.mend import Mended, mend
from wanreel.prompt.subject import Lint, Subject

__all__ = ["Finding", "Fix", "Lint", "Mended", "Severity", "Subject", "lint", "mend"]
