"""The client certificate of a process, read again when its files are replaced."""

from pathlib import Path

import structlog

from service.aws.certificate import ClientCertificate
from service.aws.roles_anywhere import Settings

log = structlog.get_logger()

Mark = tuple[int, int, int] | None
"""A file's inode, size and time, to detect changes; None if it does not exist."""


class CertificateFiles:
    """The last valid client certificate.

    Attributes:
        value: The certificate.
    """

    def __init__(self, settings: Settings) -> None:
        self.value: ClientCertificate = settings.client
        self._settings = settings
        self._marks: tuple[Mark, ...] = ()  # so that the first check reads again

    def renewed(self) -> bool:
        """Tell whether the files hold a new certificate; read them only if they changed.

        During a rotation, certificate and key do not match for a moment: the previous one stays in
        use until the next change.
        """
        marks = self._look()
        if marks == self._marks:
            return False
        self._marks = marks
        try:
            found = self._settings.load()
        except ValueError as error:
            log.warning("certificate_not_taken", reason=str(error))
            return False
        if found == self.value:
            return False
        self.value = found
        ends = found.leaf.not_valid_after_utc.isoformat()
        log.info("certificate_taken", certificate_expiry=ends)
        return True

    def _look(self) -> tuple[Mark, ...]:
        return tuple(map(_mark, self._settings.files))


def _mark(path: Path) -> Mark:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
