"""Text and binary formats of every type against a real PostgreSQL, both ways."""

import os
import subprocess


def test_formats_agree_with_postgresql(case):
    upstream = case.postgres()
    tests = case.binary.resolve().parent / "tests" / "tailrace_tests"
    assert tests.exists(), f"{tests} is not built"
    conninfo = f"host={upstream.home} port={upstream.port} user=postgres dbname=postgres"
    done = subprocess.run([tests, "--test-case=live:*"], env={**os.environ, "TAILRACE_TEST_PG": conninfo},
                          capture_output=True, text=True)
    assert done.returncode == 0 and "skipped:" not in done.stdout, done.stdout + done.stderr
