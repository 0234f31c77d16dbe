"""What settings show of themselves."""

import pytest

from colony_wiring.settings import Settings


@pytest.mark.parametrize(
    "url",
    ["postgresql://u:sesame@host/db", "postgresql://u:@sesame/@host/db", "postgresql://host/db?password=sesame&x=1"],
)
def test_settings_do_not_show_the_password_of_the_database(url: str) -> None:
    settings = Settings(database_url=url)

    assert "sesame" not in f"{settings} {settings!r}"
    assert "host/db" in repr(settings)
