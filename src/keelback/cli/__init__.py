"""The command `keel`: one file per subcommand. Nothing imports this package."""

from keelback.cli.main import main

__all__ = ["main"]
