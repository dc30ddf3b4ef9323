"""A query can be stopped, by a cancel request, by a timeout, and by going away."""

import os
import socket
import struct
import threading
import time

import psycopg2

from harness import process, source
from harness.case import expect_error
from harness.wait import eventually
from harness.wire import Wire, data_rows

LONG = "SELECT count(*) FROM generate_series(1, 30000) a, generate_series(1, 30000) b WHERE a * b % 7 = 3"


def test_cancel_request(case):
    server = case.tailrace()
    session = case.session(server)
    timer = threading.Timer(0.5, session.cancel)
    timer.start()
    started = time.monotonic()
    with session.cursor() as cursor:
        expect_error(lambda: cursor.execute(LONG), "57014", "canceling statement due to user request")
    timer.join()
    assert time.monotonic() - started < 10
    with session.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


def test_cancel_of_a_read_that_waits_for_its_snapshot(case):
    upstream = case.postgres()
    source.prepare_upstream(upstream, ["t"], ddl="CREATE TABLE t (a int)")
    server = case.tailrace()
    source.create_connection(server, upstream)
    # A transaction left open upstream keeps the slot from being made, and so the snapshot from starting.
    blocker = case.shop(upstream, autocommit=False)
    with blocker.cursor() as cursor:
        cursor.execute("INSERT INTO t VALUES (1)")
    source.create_source(server)
    session = case.session(server)
    timer = threading.Timer(0.5, session.cancel)
    timer.start()
    with session.cursor() as cursor:
        expect_error(lambda: cursor.execute("SELECT * FROM t"), "57014")
    timer.join()
    blocker.rollback()
    assert server.run("SELECT * FROM t") == []


def test_statement_timeout(case):
    session = case.session(case.tailrace())
    with session.cursor() as cursor:
        cursor.execute("SET statement_timeout = '300ms'")
        expect_error(lambda: cursor.execute(LONG), "57014", "canceling statement due to statement timeout")
        cursor.execute("SELECT 1")


def test_a_cancel_with_the_wrong_key_is_ignored(case):
    server = case.tailrace()
    with Wire(server.host, server.port) as wire:
        number, key = wire.backend
        with socket.create_connection((server.host, server.port), 10) as raw:
            raw.sendall(struct.pack("!iiii", 16, 80877102, number, key ^ 1))
            assert raw.recv(1) == b""
        assert data_rows(wire.query("SELECT 7")) == [(b"7",)]


def test_a_client_that_goes_away_stops_its_query(case):
    server = case.tailrace()
    session = server.connect()
    thread = threading.Thread(target=lambda: _ignore(session))
    thread.start()
    time.sleep(0.3)
    socket.socket(fileno=os.dup(session.fileno())).shutdown(socket.SHUT_RDWR)
    thread.join()

    def idle():
        before = process.cpu_seconds(server.process.pid)
        time.sleep(0.5)
        return process.cpu_seconds(server.process.pid) - before < 0.2

    eventually(idle, 20, "the server stops working for a client that is gone")


def _ignore(session):
    try:
        with session.cursor() as cursor:
            cursor.execute(LONG)
    except psycopg2.Error:
        pass
