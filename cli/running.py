"""Running a command that needs settings."""

from typing import Any

from cli.exits import Exit, fail


def run(command: Any, **options: Any) -> None:
    """Run a command that needs settings. A part that cannot be reached ends with its own code."""
    import uvloop

    from workers.compose import UnreachableError
    from workers.policies.live import PolicyFileError
    from workers.tool_files import ToolsFileError

    try:
        uvloop.run(command(settings(), **options))
    except UnreachableError as error:
        fail(str(error), Exit.UNREACHABLE)
    except (PolicyFileError, ToolsFileError) as error:
        fail(str(error))
    except KeyboardInterrupt:
        return


def settings() -> Any:
    """The settings. One that is wrong ends the command, saying which."""
    from pydantic import ValidationError

    from settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        fail(f"The setting {'.'.join(str(step) for step in first['loc'])} is wrong: {first['msg']}.", Exit.USAGE)
