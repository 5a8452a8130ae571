"""`python -m keelback.cli` is `keel`."""

import sys

from keelback.cli.main import main

sys.exit(main())
