"""Exactly once under every fault: random work upstream, faults at random moments, and readers that watch.

TAILRACE_FAULTS=300 makes it the long mode: so many faults, instead of the few that every run of the tests has.
TAILRACE_FAULT_SEED repeats a run's choices.
"""

import os
import random
import signal
import time

import psycopg2

from harness import bank, compare, process, source
from harness.case import limit
from harness.proxy import Proxy
from harness.wait import eventually

FAULTS = int(os.environ.get("TAILRACE_FAULTS", "20"))
SEED = int(os.environ.get("TAILRACE_FAULT_SEED", "1"))
# Also while hardware is shared with other tests a fault and its recovery take no longer.
SECONDS_A_FAULT = 25
WRITERS = 3


class Scene:
    """Upstream, a proxy, our server on a small disk, writers and a reader."""

    def __init__(self, case, seed):
        self.case = case
        self.chance = random.Random(seed)
        self.upstream = case.postgres(settings={"wal_sender_timeout": "3s", "max_wal_size": "256MB"}, fsync=True)
        source.prepare_upstream(self.upstream, bank.TABLES, ddl=bank.DDL)
        for table in bank.DEFAULT_IDENTITY:
            self.upstream.run(f"ALTER TABLE {table} REPLICA IDENTITY DEFAULT", database="shop")
        self.proxy = Proxy(self.upstream.port)
        case.keep(self.proxy)
        self.server = case.tailrace(start=False)
        self.disk = None
        if process.running_as_root():
            try:
                self.disk = bank.Mounted(self.server.data, 1024)
            except RuntimeError as error:
                print(f"without a full disk: {error}")
        self.server.start()
        self.server.run(f"CREATE SECRET pgpass AS {source.quoted(source.PASSWORD)}")
        self.server.run("CREATE CONNECTION pg_connection TO POSTGRES (HOST '127.0.0.1', "
                        f"PORT {self.proxy.port}, USER 'materialize', PASSWORD SECRET pgpass, DATABASE 'shop')")
        self.writers = [bank.Writer(self.upstream, number, seed * 100 + number) for number in range(WRITERS)]
        self.reader = None
        self.counts = {}

    def close(self):
        if self.disk:
            self.server.destroy()
            self.disk.unmount()

    # What happens.

    def kill_us(self):
        self.server.restart_after_kill()

    def stop_us(self):
        assert self.server.stop() == 0
        self.server.start()

    def stop_upstream(self):
        self.upstream.stop("immediate")
        time.sleep(self.chance.uniform(0, 0.5))
        self.upstream.start(timeout=120)

    def stop_both(self):
        self.upstream.stop("immediate")
        self.server.kill()
        self.server.start()
        self.upstream.start(timeout=120)

    def end_sessions(self):
        self.upstream.end_backends("usename = 'materialize'")

    def pause_walsender(self):
        self._pause_backend("backend_type = 'walsender'")

    def pause_any_session(self):
        self._pause_backend("usename = 'materialize'")

    def _pause_backend(self, which):
        pids = [row[0] for row in self.upstream.run(f"SELECT pid FROM pg_stat_activity WHERE {which}")]
        if not pids:
            return
        pid = self.chance.choice(pids)
        try:
            os.kill(pid, signal.SIGSTOP)
            time.sleep(self.chance.uniform(0.1, 4))
        finally:
            os.kill(pid, signal.SIGCONT)

    def cut_network(self):
        self.proxy.refusing = self.chance.random() < 0.5
        self.proxy.cut()
        time.sleep(self.chance.uniform(0, 1))
        self.proxy.refusing = False

    def slow_network(self):
        self.proxy.bytes_per_second = self.chance.choice((20_000, 100_000))
        time.sleep(self.chance.uniform(0.5, 3))
        self.proxy.bytes_per_second = None
        if self.chance.random() < 0.5:
            self.proxy.cut()

    def half_open_network(self):
        self.proxy.fall_silent()

    def full_disk(self):
        if self.disk is None:
            return
        self.disk.fill(leave_bytes=self.chance.choice((0, 100_000, 2_000_000)))
        time.sleep(self.chance.uniform(0.5, 3))
        if self.chance.random() < 0.3:
            self.server.kill()
            self.disk.free()
            self.server.start()
        self.disk.free()

    def another_table(self):
        """A table is added while all goes on, and one that was added before is dropped."""
        if self.server.run("SHOW SUBSOURCES ON mz_source LIKE 'more'"):
            self.server.run("DROP SOURCE more")
        else:
            self.upstream.run("CREATE TABLE IF NOT EXISTS more (k int PRIMARY KEY); GRANT SELECT ON more TO materialize; "
                              "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_publication_tables WHERE tablename = 'more') "
                              "THEN ALTER PUBLICATION mz_source ADD TABLE more; END IF; END $$", database="shop")
            self.upstream.run("INSERT INTO more SELECT coalesce(max(k), 0) + 1 FROM more", database="shop")
            self.server.run("ALTER SOURCE mz_source ADD SUBSOURCE more")

    FAULTS = ("kill_us", "kill_us", "stop_us", "stop_upstream", "stop_both", "end_sessions", "pause_walsender",
              "pause_any_session", "cut_network", "cut_network", "slow_network", "half_open_network", "full_disk", "another_table")

    def fault(self, name):
        self.counts[name] = self.counts.get(name, 0) + 1
        # The moment is what is random here, so this is a time and not a condition.
        time.sleep(self.chance.uniform(0.05, 0.8))
        getattr(self, name)()

    def check(self, what):
        """Nobody writes: all tables are equal; and no reader has seen what it must not."""
        for writer in self.writers:
            writer.pause()
            assert writer.failure is None, f"a writer failed: {writer.failure}"
        try:
            origin = self.upstream.connect("shop")
            tables = list(bank.TABLES)
            if self.server.run("SHOW SUBSOURCES ON mz_source LIKE 'more'"):
                tables.append("more")

            def equal():
                for table in tables:
                    question = f"SELECT * FROM {table}"
                    mirror = self.server.connect()
                    try:
                        text = compare.differences(compare.rows(origin, question), compare.rows(mirror, question))
                    except psycopg2.Error as error:
                        text = str(error)
                    finally:
                        mirror.close()
                    assert not text, f"{table}: {text}"
                return True

            eventually(equal, 90, f"the mirror equals upstream after {what}", every=0.1)
            origin.close()
        finally:
            for writer in self.writers:
                writer.resume()
        if self.reader:
            assert self.reader.failure is None, f"after {what}: {self.reader.failure}"
        slots = self.upstream.value("SELECT count(*) FROM pg_replication_slots WHERE NOT temporary")
        assert slots == 1, f"{slots} slots after {what}"

    def finish(self):
        for writer in self.writers:
            writer.stop()
        if self.reader:
            self.reader.stop()
            assert self.reader.failure is None, self.reader.failure
            assert self.reader.reads > 20, f"only {self.reader.reads} reads"
        assert sum(writer.committed for writer in self.writers) > 50


def run_faults(case, count, seed, names):
    scene = Scene(case, seed)
    try:
        source.create_source(scene.server)
        eventually(lambda: scene.server.value("SELECT count(*) FROM first") == 10, 120, "the snapshot is taken")
        scene.reader = bank.Reader(scene.server)
        for number in range(count):
            # Each kind before any comes again.
            name = names[number] if number < len(names) else scene.chance.choice(names)
            scene.fault(name)
            if scene.chance.random() < 0.2:
                scene.fault(scene.chance.choice(names))
            scene.check(f"fault {number + 1} ({name}, seed {seed})")
        scene.finish()
        print(scene.counts)
    finally:
        scene.close()


def of_all_kinds(count, seed):
    names = list(Scene.FAULTS)
    random.Random(seed).shuffle(names)
    return (names * (count // len(names) + 1))[:max(count, 1)]


@limit(60 + FAULTS * SECONDS_A_FAULT)
def test_faults_while_streaming(case):
    count = max(FAULTS * 3 // 4, 1)
    run_faults(case, count, SEED, of_all_kinds(count, SEED))


@limit(60 + FAULTS * SECONDS_A_FAULT)
def test_faults_during_the_snapshot(case):
    """The snapshot is interrupted again and again; in the end it is there, whole, and the stream goes on from it."""
    scene = Scene(case, SEED + 1)
    names = ("kill_us", "stop_upstream", "end_sessions", "cut_network", "pause_any_session", "slow_network")
    try:
        scene.upstream.run("INSERT INTO bag SELECT i, repeat('s', 30) FROM generate_series(1000, 200000) i; "
                           "INSERT INTO keyed SELECT i, 's', i, now() FROM generate_series(5000000, 5200000) i", database="shop")
        rounds = max(FAULTS // 4, 1)
        faults = 0
        while faults < rounds:
            source.create_source(scene.server)
            for _ in range(scene.chance.randint(1, 3)):
                scene.fault(names[faults % len(names)])
                faults += 1
            eventually(lambda: scene.server.value("SELECT count(*) FROM first") == 10, 120, "the snapshot is taken")
            scene.reader = scene.reader or bank.Reader(scene.server)
            scene.check(f"{faults} faults during snapshots (seed {SEED + 1})")
            if faults < rounds:
                scene.reader.stop()
                assert scene.reader.failure is None, scene.reader.failure
                scene.reader = None
                scene.server.run("DROP SOURCE mz_source CASCADE")
                eventually(lambda: scene.upstream.value(
                    "SELECT count(*) FROM pg_replication_slots WHERE NOT temporary") == 0, 60, "the slot is dropped")
        scene.reader = scene.reader or bank.Reader(scene.server)
        eventually(lambda: scene.reader.reads > 20, 60, "reads")
        scene.finish()
    finally:
        scene.close()
