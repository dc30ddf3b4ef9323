"""The numbers that sources tell: they appear with the source, add up, survive restarts and go with what they tell of."""

from harness import compare, source
from harness.wait import eventually

TABLES = ("CREATE TABLE t (k int PRIMARY KEY, v text); INSERT INTO t SELECT i, 'v' FROM generate_series(1, 100) i; "
          "CREATE TABLE u (a int); INSERT INTO u SELECT generate_series(1, 10)")
NUMBERS = ("messages_received", "bytes_received", "updates_staged", "updates_committed", "snapshot_records_known",
           "snapshot_records_staged", "snapshot_committed", "offset_known", "offset_committed", "rehydration_latency")


def statistics(server):
    """Name of the source or table -> its numbers."""
    rows = server.run(f"SELECT o.name, {', '.join('t.' + name for name in NUMBERS)} FROM mz_internal.mz_source_statistics t "
                      "JOIN mz_objects o ON o.id = t.id")
    found = {row[0]: dict(zip(NUMBERS, row[1:])) for row in rows}
    assert len(found) == len(rows), f"several rows of one: {rows}"
    return found


def offsets(server, name="mz_source"):
    row = statistics(server).get(name)
    return (int(row["offset_known"] or 0), int(row["offset_committed"] or 0)) if row else (0, 0)


def test_numbers_appear_add_up_and_go(case):
    upstream, server = case.followed(TABLES)

    def settled(t, u):
        found = statistics(server)
        assert set(found) == {"t", "u", "mz_source"}, set(found)
        assert (int(found["t"]["updates_committed"]), int(found["u"]["updates_committed"])) == (t, u), found
        assert int(found["mz_source"]["updates_committed"]) == t + u, found
        assert all(row["snapshot_committed"] for row in found.values())
        return found

    first = eventually(lambda: settled(100, 10), 20)
    assert int(first["mz_source"]["snapshot_records_known"]) == 110 == int(first["mz_source"]["snapshot_records_staged"])
    upstream.run("UPDATE t SET v = 'w' WHERE k <= 7; DELETE FROM u WHERE a = 1; INSERT INTO t VALUES (101, 'x')", database="shop")
    second = eventually(lambda: settled(115, 11), 20)
    assert int(second["mz_source"]["messages_received"]) > int(first["mz_source"]["messages_received"])
    assert int(second["mz_source"]["bytes_received"]) > int(first["mz_source"]["bytes_received"])
    lsn = int(upstream.value("SELECT pg_current_wal_lsn() - '0/0'"))

    def reached():
        known, committed = offsets(server)
        assert committed <= known, (known, committed)
        return committed >= lsn

    eventually(reached, 20, "what is committed reaches what upstream has")
    server.run("DROP SOURCE u")
    eventually(lambda: set(statistics(server)) == {"t", "mz_source"}, 20, "the row of the dropped table goes")
    server.run("ALTER SOURCE mz_source ADD SUBSOURCE u")
    eventually(lambda: statistics(server).get("u", {}).get("snapshot_committed"), 20, "the row of the new table comes")
    assert int(statistics(server)["u"]["snapshot_records_known"]) == 9
    server.run("DROP SOURCE mz_source CASCADE")
    eventually(lambda: server.run("SELECT * FROM mz_internal.mz_source_statistics") == [], 20, "all go with the source")


def test_offsets_never_go_back(case):
    upstream, server = case.followed(TABLES)
    upstream.run("INSERT INTO t SELECT i, repeat('v', 100) FROM generate_series(1000, 5000) i", database="shop")
    compare.eventually_equal(case.shop(upstream), case.session(server), "SELECT * FROM t")
    lsn = int(upstream.value("SELECT pg_current_wal_lsn() - '0/0'"))
    eventually(lambda: offsets(server)[1] >= lsn, 20, "all is committed")
    for stop in ("kill", "stop", "kill with upstream down"):
        before = {name: (int(row["offset_known"]), int(row["offset_committed"])) for name, row in statistics(server).items()}
        if stop.endswith("down"):
            upstream.stop()
        server.stop() if stop == "stop" else server.kill()
        server.start()

        def not_before():
            found = statistics(server)
            if set(found) != set(before):
                return False
            for name, (known, committed) in before.items():
                now = found[name]["offset_known"], found[name]["offset_committed"]
                if None in now:
                    return False
                if int(now[0]) < known or int(now[1]) < committed:
                    raise RuntimeError(f"{name} went back after {stop}: ({known}, {committed}), then {now}")
                if int(now[0]) < int(now[1]):
                    raise RuntimeError(f"{name} has more than there is after {stop}: {now}")
                assert found[name]["snapshot_committed"]
            return True

        eventually(not_before, 20, f"the numbers are there after: {stop}")
    upstream.start()
    upstream.run("INSERT INTO t VALUES (-1, 'after')", database="shop")
    compare.eventually_equal(case.shop(upstream), case.session(server), "SELECT * FROM t", timeout=60)
    eventually(lambda: offsets(server)[1] > lsn, 20, "and they move on")
