from sqlalchemy import Connection, text


def test_conn_is_the_application(conn: Connection) -> None:
    assert conn.execute(text("SELECT current_user, current_setting('ledger.books')")).one() == ("zhudai_app", "*")
