import threading

import psycopg

from postgres import migrate


def test_a_migrated_database_has_nothing_pending_and_running_again_does_nothing(database_url: str) -> None:
    assert migrate.pending(database_url) == ()
    assert migrate.upgrade(database_url) == ()


def test_processes_that_migrate_together_do_it_once(server_url: str, database_url: str) -> None:
    name = psycopg.conninfo.conninfo_to_dict(database_url)["dbname"]
    empty = f"{name}_empty"
    url = database_url.replace(f"/{name}", f"/{empty}")
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {empty}".encode())
        try:
            assert migrate.pending(url)[0] == "0001"
            done: list[tuple[str, ...]] = []
            threads = [threading.Thread(target=lambda: done.append(migrate.upgrade(url))) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert sorted(map(len, done)) == [0, len(done[0]) + len(done[1])]
            assert migrate.pending(url) == ()
        finally:
            admin.execute(f"DROP DATABASE {empty} WITH (FORCE)".encode())
