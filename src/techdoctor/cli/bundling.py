"""Writing a bundle of a session, for `bundle create` and at an unsolved end."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from techdoctor.cli.context import Context
from techdoctor.errors import StateError

if TYPE_CHECKING:
    from techdoctor.bundle.write import BundleResult
    from techdoctor.engine.result import Diagnosis


def write_bundle(
    context: Context, result: Diagnosis, output: Path | None = None, created_at: float | None = None
) -> BundleResult:
    """Writes the bundle of a session into a file or folder, by default the current folder.

    Args:
        context: Settings and store.
        result: The session's report.
        output: File or folder.
        created_at: When the session began, seconds since 1970-01-01 UTC; now when None.

    Raises:
        StateError: The file cannot be written.
        LeakFound: The finished file would give something private away; none is left.
    """
    from techdoctor.bundle.write import Contents, create_bundle

    contents = Contents(
        session=result.session,
        diagnosis=result.to_json(),
        journal=context.store.find(result.session).path if result.session else None,
        created_at=time.time() if created_at is None else created_at,
        help_desk=context.settings.help_desk,
        public=sorted(public_names(context, result)),
    )
    try:
        map_path = context.store.map_path(result.session) if result.session else None
    except StateError:
        map_path = None
    return create_bundle(contents, output or _current_folder(), map_path)


def _current_folder() -> Path:
    try:
        return Path.cwd()
    except OSError as error:
        raise StateError(f"the current folder is gone: {error.strerror}", "name a place with --output") from None


def public_names(context: Context, result: Diagnosis) -> set[str]:
    """What needs no hiding: probe targets, documented or the site's own, and the playbooks' default inputs."""
    from techdoctor.probes.asked import asked
    from techdoctor.probes.names import name_targets
    from techdoctor.probes.network import targets

    names = {place for places in asked(context.settings.targets).values() for place in places}
    names |= {check.host for check in targets.portal_checks(context.settings.targets)} | {targets.BY_NUMBER}
    names |= {text for pair in (*targets.SECURE_V4, *targets.SECURE_V6) for text in pair}
    for name, addresses in name_targets.KNOWN_ADDRESSES.items():
        names |= {name, *addresses}
    if result.playbook:
        for playbook in context.library.with_callees(result.playbook).values():
            names |= {str(spec.default) for spec in playbook.inputs.values() if spec.default}
    return names
