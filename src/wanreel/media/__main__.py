"""`python -m wanreel.media`: the child process that looks into one file; started by `media/child.py` alone."""

import sys

from wanreel.media.inside import main

sys.exit(main())
