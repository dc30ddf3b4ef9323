"""A database that was put back to an earlier state must not be followed as if nothing had happened."""

import shutil

from harness import process, source
from harness.wait import eventually


def test_files_put_back_from_a_copy(case):
    upstream, server = case.followed("CREATE TABLE t (k int PRIMARY KEY); INSERT INTO t VALUES (1)")
    upstream.stop()
    copy = upstream.home / "copy"
    process.run(["cp", "-a", upstream.data, copy], as_server_account=True)
    upstream.start()
    upstream.run("INSERT INTO t SELECT generate_series(2, 5000)", database="shop")
    eventually(lambda: server.value("SELECT count(*) FROM t") == 5000, 60, "the rows that will be lost upstream are here")
    # The position is durable here before upstream may forget what it has sent.
    eventually(lambda: server.value("SELECT offset_committed >= offset_known FROM mz_internal.mz_source_statistics t "
                                    "JOIN mz_sources s ON s.id = t.id WHERE s.name = 'mz_source'"), 60, "all is committed")
    server.stop()
    upstream.stop()
    shutil.rmtree(upstream.data)
    copy.rename(upstream.data)
    upstream.start()
    upstream.run("INSERT INTO t VALUES (-1)", database="shop")
    server.start()
    eventually(lambda: source.stalled_with(server, "database restored from a backup: its log ends at", "to which it was followed"),
               60, "the source says what happened")
    eventually(lambda: source.status(server, "t")[0] == "ceased", 30, "and gives its table up")
