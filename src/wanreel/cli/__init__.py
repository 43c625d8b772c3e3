"""The command line: parse, call the service, print. Nothing heavy is imported before a command runs."""

import gc

IMPORTING = (500_000, 10, 10)
"""What a command imports is some 200,000 objects that live as long as it does. At the interpreter's own 700 they are
all looked through again and again while they are being made: a tenth of what a short command takes. `session` sets what
is right for work.
"""

gc.set_threshold(*IMPORTING)
