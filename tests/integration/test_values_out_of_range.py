"""Values that upstream can hold and we cannot: an error of their row that says which, gone with the row or its value."""

import psycopg2

from harness import compare, source
from harness.case import limit
from harness.wait import eventually

# Type, value, a good one, and what the error says.
BAD = [
    ("numeric", "'Infinity'", "1", "invalid input syntax for type numeric"),
    ("numeric", "'-Infinity'", "1", "invalid input syntax for type numeric"),
    ("numeric", "1e40", "1", "out of range for type numeric"),
    ("numeric", "-1234567890123456789012345678901234567890", "1", "exceeds maximum precision 39"),
    ("numeric", "1e-40", "0", "exceeds maximum precision 39"),
    ("numeric[]", "'{1,Infinity}'", "'{1}'", "invalid input syntax for type numeric"),
    ("date", "'infinity'", "'2024-01-01'", "invalid input syntax for type date"),
    ("date", "'-infinity'", "'2024-01-01'", "invalid input syntax for type date"),
    ("date", "'5874897-12-31'", "'2024-01-01'", "type date"),
    ("date", "'262143-01-01'", "'2024-01-01'", "out of range for type date"),
    ("date[]", "'{2024-01-01,infinity}'", "NULL", "invalid input syntax for type date"),
    ("timestamp", "'infinity'", "'2024-01-01'", "invalid input syntax for type timestamp"),
    ("timestamp", "'294276-12-31'", "'2024-01-01'", "out of range for type timestamp"),
    ("timestamptz", "'-infinity'", "'2024-01-01'", "invalid input syntax for type timestamp with time zone"),
    ("timestamptz", "'294276-12-31'", "'2024-01-01'", "out of range for type timestamp"),
    ("daterange", "'[2024-01-01,infinity)'", "'empty'", "invalid input syntax for type date"),
    ("time", "'24:00:00'", "'23:59:59'", "time"),
    ("json", "'\"\\u0000\"'", "'1'", ""),
    ("jsonb", "'1e1000'", "'1'", ""),
]


def play(case, identity):
    ddl = "".join(f"CREATE TABLE bad_{i} (k int PRIMARY KEY, v {type_name}, n int); "
                  f"INSERT INTO bad_{i} VALUES (1, {good}, 0), (2, {bad}, 0), (3, NULL, 0); "
                  for i, (type_name, bad, good, _) in enumerate(BAD))
    names = [f"bad_{i}" for i in range(len(BAD))]
    upstream = case.postgres()
    source.prepare_upstream(upstream, [*names, "bystander"], ddl=ddl + "CREATE TABLE bystander (k int PRIMARY KEY)")
    for name in names:
        upstream.run(f"ALTER TABLE {name} REPLICA IDENTITY {identity}", database="shop")
    server = case.tailrace()
    source.follow(server, upstream)
    session = case.session(server)
    origin = case.shop(upstream)

    def each(step, *, fails, rows=(), change=None):
        """Every table after a change: either an error that names row and column, or the rows."""
        for i, (type_name, bad, good, words) in enumerate(BAD):
            if change:
                upstream.run(change.format(name=f"bad_{i}", good=good, bad=bad), database="shop")
        wrong = []
        for i, (type_name, bad, good, words) in enumerate(BAD):

            def as_expected(i=i, words=words):
                try:
                    found = compare.rows(session, f"SELECT * FROM bad_{i}")
                except psycopg2.Error as error:
                    assert fails, error
                    text = f"{error.diag.message_primary} {error.diag.message_detail}"
                    for part in ("Source error: u", words, f"Key (k)=('{fails}') of table public.bad_{i}, column v"):
                        assert part in text, f"{part!r} is not in {text!r}"
                    return True
                assert not fails, f"it can be read: {list(found)[:3]}"
                difference = compare.differences(compare.rows(origin, f"SELECT * FROM bad_{i}"), found)
                assert not difference, difference
                return True

            try:
                eventually(as_expected, 10)
            except AssertionError as error:
                wrong.append(f"{step}, {type_name} {bad}: {error}")
        assert not wrong, "\n".join(wrong)

    each("snapshot", fails=2)
    each("another column", fails=2, change="UPDATE {name} SET n = 1")
    each("mended", fails=None, change="UPDATE {name} SET v = {good} WHERE k = 2")
    each("inserted", fails=4, change="INSERT INTO {name} VALUES (4, {bad}, 0)")
    each("moved", fails=5, change="UPDATE {name} SET k = 5 WHERE k = 4")
    each("deleted", fails=None, change="DELETE FROM {name} WHERE k = 5")
    each("spoilt", fails=1, change="UPDATE {name} SET v = {bad} WHERE k = 1")
    server.restart_after_kill()
    session = case.session(server)
    each("restarted", fails=1)
    each("truncated", fails=None, change="TRUNCATE {name}")
    assert source.status(server) == ("running", None) == source.status(server, "bystander")


@limit(180)
def test_with_old_rows(case):
    play(case, "FULL")


@limit(180)
def test_by_key(case):
    play(case, "DEFAULT")
