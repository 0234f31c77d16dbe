"""What settings show of themselves."""

import pytest

from colony_wiring.settings import SettingInvalid, Settings


@pytest.mark.parametrize(
    "url",
    ["postgresql://u:sesame@host/db", "postgresql://u:@sesame/@host/db", "postgresql://host/db?password=sesame&x=1"],
)
def test_settings_do_not_show_the_password_of_the_database(url: str) -> None:
    settings = Settings(database_url=url)

    assert "sesame" not in f"{settings} {settings!r}"
    assert "host/db" in repr(settings)


@pytest.mark.parametrize("more", [{}, {"COLONY_DATABASE_URL": "postgresql://db/colony", "COLONY_SIMULATOR": "2"}])
def test_a_server_without_worker_is_refused_where_nobody_else_could_do_the_work(more: dict[str, str]) -> None:
    with pytest.raises(SettingInvalid, match="COLONY_WORKER is False: it must be true"):
        Settings.read(more | {"COLONY_WORKER": "false"})


def test_a_server_without_worker_may_hold_a_rack_that_others_reach() -> None:
    chosen = {"COLONY_WORKER": "false", "COLONY_SIMULATOR": "2", "COLONY_SIMULATOR_RACK": "rack.sock"}

    settings = Settings.read(chosen | {"COLONY_DATABASE_URL": "postgresql://db/colony"})

    assert (settings.worker, str(settings.simulator_rack)) == (False, "rack.sock")


def test_a_rack_of_another_process_is_refused_on_sqlite_which_no_other_process_may_use() -> None:
    with pytest.raises(SettingInvalid, match=r"COLONY_SIMULATOR_RACK is .*: it must be given on PostgreSQL alone"):
        Settings.read({"COLONY_SIMULATOR_RACK": "rack.sock"})


def test_a_socket_whose_name_is_too_long_for_a_socket_is_refused() -> None:
    with pytest.raises(SettingInvalid, match="at most 100 bytes"):
        Settings.read({"COLONY_SIMULATOR_RACK": "/" + "a" * 100, "COLONY_SIMULATOR": "1"})


def test_a_server_without_worker_serves_a_shared_database() -> None:
    chosen = {"COLONY_DATABASE_URL": "postgresql://db/colony", "COLONY_WORKER": "false", "COLONY_CONCURRENCY": "3"}

    settings = Settings.read(chosen)

    assert (settings.worker, settings.concurrency) == (False, 3)


def test_proxies_that_are_no_addresses_are_refused() -> None:
    with pytest.raises(SettingInvalid, match=r"COLONY_TRUSTED_PROXIES is 'proxy\.example': it must be addresses"):
        Settings.read({"COLONY_TRUSTED_PROXIES": "proxy.example"})


def test_a_recording_is_of_use_to_simulated_machines_alone() -> None:
    with pytest.raises(
        SettingInvalid, match=r"COLONY_SIMULATOR_RECORDING is .* it must be given with COLONY_SIMULATOR"
    ):
        Settings.read({"COLONY_SIMULATOR_RECORDING": "bmc.json"})
