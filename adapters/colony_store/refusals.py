"""Why a database is not opened, whatever it is: nothing in it was changed."""

from colony_core.ports.persistence import StoreUnavailable
from colony_core.ports.sealing import WrongKey


class SchemaTooNew(StoreUnavailable):
    """A newer release of Colony made the schema."""

    code = "SCHEMA_TOO_NEW"
    summary = "Database was made by a newer release"
    advice = "Run the release that made it, or a newer one, or restore the backup from before the upgrade."


class NotOurs(StoreUnavailable):
    """The database holds something else than Colony's data."""

    code = "NOT_A_COLONY_DATABASE"
    summary = "Not a Colony database"
    advice = "Name another database; this one was left as it is."


class SecretKeyWrong(WrongKey):
    """The secret key is not the one that the database was made with."""

    code = "SECRET_KEY_WRONG"
    summary = "Wrong secret key"
    advice = "Start with the secret key that the database was made with (COLONY_SECRET_KEY or COLONY_SECRET_KEY_FILE)."

    def __init__(self, database: object) -> None:
        super().__init__()
        self.details = f"The database {database} was made with another secret key: nothing was changed"
        self.args = (self.details,)
