"""Random queries, asked of PostgreSQL and of Tailrace, once and as maintained views while the tables change."""

import os
from collections import Counter
from decimal import Decimal

import psycopg2

from harness.case import limit
from harness.random_query import DDL, Generator, TABLES

# Longer runs look elsewhere: TAILRACE_RANDOM_SEED, TAILRACE_RANDOM_QUERIES.
SEED = int(os.environ.get("TAILRACE_RANDOM_SEED", 1))
QUERIES = int(os.environ.get("TAILRACE_RANDOM_QUERIES", 250))
MAINTAINED_AT_A_TIME = 25
CHANGES = 12


def plain(value):
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)


def rows_of(cursor):
    return Counter(tuple(plain(value) for value in row) for row in cursor.fetchall())


def answer(cursor, sql):
    """The rows as a multiset, or the SQLSTATE."""
    try:
        cursor.execute(sql)
        return rows_of(cursor)
    except psycopg2.Error as error:
        if error.pgcode is None:
            raise
        return error.pgcode


def difference(theirs, ours):
    if not isinstance(theirs, Counter) or not isinstance(ours, Counter):
        return f"  PostgreSQL: {theirs}\n  Tailrace: {ours}"
    lines = [f"  only PostgreSQL ({count}): {row}" for row, count in (theirs - ours).items()]
    lines += [f"  only Tailrace ({count}): {row}" for row, count in (ours - theirs).items()]
    return "\n".join(lines[:12])


def same(theirs, ours):
    """PostgreSQL may fail (overflow of a sum, a text that is no date) where it evaluates more than we do, and the
    other way round: which rows an error stands in the way of is nobody's promise."""
    if isinstance(theirs, Counter) and isinstance(ours, Counter):
        return theirs == ours
    data_errors = ("22", "21")
    return all(isinstance(each, Counter) or each.startswith(data_errors) for each in (theirs, ours))


@limit(900)
def test_random_queries(case):
    upstream, server = case.postgres(), case.tailrace()
    # Text sorts by bytes here.
    upstream.run("CREATE DATABASE beside TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'")
    theirs = case.keep(upstream.connect("beside")).cursor()
    ours = case.session(server).cursor()
    for cursor in (theirs, ours):
        cursor.execute("SET statement_timeout = '60s'")
    generator = Generator(SEED)
    for statement in DDL + [generator.change() for _ in range(40)]:
        theirs.execute(statement)
        ours.execute(statement)
    found = []

    def check(what, sql, their_answer, our_answer):
        if not same(their_answer, our_answer):
            found.append(f"{what}: {sql};\n{difference(their_answer, our_answer)}")

    for first in range(0, QUERIES, MAINTAINED_AT_A_TIME):
        views = []
        for number in range(first, min(first + MAINTAINED_AT_A_TIME, QUERIES)):
            sql, _ = generator.query()
            check("once", sql, answer(theirs, sql), answer(ours, sql))
            try:
                ours.execute(f"CREATE MATERIALIZED VIEW m{number} AS {sql}")
                views.append((f"m{number}", sql))
            except psycopg2.Error as error:
                # What cannot be maintained says so.
                if error.pgcode != "0A000":
                    found.append(f"maintained: {sql};\n  {error}")
        for _ in range(CHANGES):
            statement = generator.change()
            theirs.execute(statement)
            ours.execute(statement)
        for table in TABLES:
            check("table", table, answer(theirs, f"SELECT * FROM {table}"), answer(ours, f"SELECT * FROM {table}"))
        for name, sql in views:
            check("maintained", sql, answer(theirs, sql), answer(ours, f"SELECT * FROM {name}"))
            ours.execute(f"DROP MATERIALIZED VIEW {name}")
    assert not found, f"{len(found)} of {QUERIES} differ:\n" + "\n".join(found[:40])
