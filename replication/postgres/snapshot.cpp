#include "replication/postgres/snapshot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <latch>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "replication/postgres/compatibility.hpp"
#include "replication/postgres/connection.hpp"
#include "replication/postgres/copy_range.hpp"
#include "replication/postgres/table_checks.hpp"
#include "replication/postgres/upstream_catalog.hpp"

namespace tailrace::replication {
namespace {

// A range is worth its own COPY from so many pages on, and gets no longer than so many.
constexpr std::uint64_t range_pages_min = 2048;
constexpr std::uint64_t range_pages_max = 128 * 1024;
constexpr std::size_t ranges_per_connection = 4;

// Below, a ctid condition is a scan of the whole table.
constexpr std::uint32_t version_with_tid_ranges = 140000;

std::string random_slot_name() {
  std::random_device random;
  return fmt::format("mzsnapshot_{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

// Of each table: its pages, how many rows it is thought to have, and whether statistics say so. Without them rows are
// taken to be as wide as their columns' types, as the planner does.
constexpr const char* sizes_query = R"(
SELECT c.oid, s.pages,
  CASE WHEN s.pages = 0 THEN 0
       WHEN s.analyzed THEN c.reltuples * (s.pages / c.relpages::float8)
       ELSE s.pages * GREATEST(1, (s.block - 24) / (28 + (
              SELECT COALESCE(pg_catalog.sum(CASE WHEN a.attlen > 0 THEN a.attlen ELSE 32 END), 0)
              FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)::float8))
  END::pg_catalog.int8,
  s.analyzed
FROM pg_catalog.pg_class c, LATERAL (
  SELECT b.block, pg_catalog.pg_relation_size(c.oid) / b.block AS pages, c.reltuples > 0 AND c.relpages > 0 AS analyzed
  FROM (SELECT pg_catalog.current_setting('block_size')::pg_catalog.int8 AS block) b) s
WHERE c.oid IN ({}))";

constexpr const char* begin_snapshot = "BEGIN READ ONLY ISOLATION LEVEL REPEATABLE READ";

// Around whatever locks a table: going back to it gives the lock up before the transaction ends.
constexpr const char* start_locking = "SAVEPOINT unlocked";
constexpr const char* unlock = "ROLLBACK TO SAVEPOINT unlocked";

// pg_class is read as of the snapshot, the function says what is there now.
constexpr const char* rewritten_query =
    "SELECT c.relfilenode IS DISTINCT FROM pg_catalog.pg_relation_filenode(c.oid) "
    "FROM pg_catalog.pg_class c WHERE c.oid = {}";

class Snapshot {
 public:
  Snapshot(const SnapshotRequest& request, CancelToken& cancel)
      : request_(request), parent_(cancel), follow_parent_(cancel, [this] {
          workers_cancel_.cancel(stopped());
          leader_cancel_.cancel(stopped());
        }) {}

  SnapshotOutcome take() {
    try {
      lead();
    } catch (...) {
      parent_.check();  // our own stop is no failure of the snapshot
      throw;
    }
    return std::move(outcome_);
  }

 private:
  static SqlError stopped() { return {sqlstate::query_canceled, "the snapshot was stopped"}; }

  void begin(Connection& connection) const {
    connection.query(fmt::format("SET statement_timeout = {}", request_.statement_timeout.count()));
    connection.query(begin_snapshot);
  }

  void lead() {
    const auto leader = Connection::open(
        request_.connection, {.purpose = "snapshot", .replication = true}, leader_cancel_);
    begin(*leader);
    const QueryResult slot = leader->query(
        fmt::format("CREATE_REPLICATION_SLOT {} TEMPORARY LOGICAL pgoutput USE_SNAPSHOT",
                    quote_identifier(random_slot_name())));
    request_.on_started(parse_lsn(slot.text(0, 1)));
    snapshot_ = leader->query("SELECT pg_catalog.pg_export_snapshot()").string(0, 0);

    const std::vector<std::size_t> copied = check_tables(*leader);
    plan_ranges(*leader, copied);
    run_workers(*leader, copied);
    for (std::size_t i = 0; i < request_.tables.size(); ++i) {
      request_.tables[i].counters->snapshot_records_known.set(outcome_.tables[i].rows);
    }
  }

  // Inside the snapshot the tables must still be what was agreed on. Gives those that are.
  std::vector<std::size_t> check_tables(Connection& leader) {
    const std::vector<PublishedTable> publication = read_publication(leader, request_.publication);
    if (publication.empty() && !publication_oid(leader, request_.publication)) {
      throw UpstreamError(sqlstate::undefined_object, "",
                          fmt::format("publication \"{}\" does not exist", request_.publication));
    }
    outcome_.unpublished = unpublished_actions(leader, request_.publication);
    std::vector<std::size_t> copied;
    SelectedTables present;
    for (std::size_t i = 0; i < request_.tables.size(); ++i) {
      const TableExport& table = *request_.tables[i].table;
      outcome_.tables.push_back({.collection = table.collection});
      const auto found = std::find_if(
          publication.begin(), publication.end(),
          [&](const auto& published) { return published.table.oid == table.upstream.oid; });
      if (found == publication.end()) {
        outcome_.tables.back().incompatible =
            altered_text(table.upstream, "it was dropped, or removed from the publication");
      } else if (auto why = incompatibility(table, *found)) {
        outcome_.tables.back().incompatible = std::move(why);
      } else {
        outcome_.tables.back().file = found->heap.file;
        copied.push_back(i);
        present.push_back(&*found);
      }
    }
    check_row_level_security(present);
    return copied;
  }

  void plan_ranges(Connection& leader, const std::vector<std::size_t>& copied) {
    if (copied.empty()) return;
    std::map<std::int64_t, std::vector<std::size_t>> by_oid;
    std::string oids;
    for (const std::size_t index : copied) {
      const Oid oid = request_.tables[index].table->upstream.oid;
      if (by_oid[oid].empty()) oids += (oids.empty() ? "" : ",") + std::to_string(oid);
      by_oid[oid].push_back(index);
    }
    const QueryResult sizes = leader.query(fmt::format(sizes_query, oids));
    std::size_t found = 0;
    for (std::size_t row = 0; row < sizes.rows(); ++row) {
      for (const std::size_t index : by_oid[sizes.integer(row, 0)]) {
        plan_table(leader, index, static_cast<std::uint64_t>(sizes.integer(row, 1)),
                   static_cast<std::uint64_t>(sizes.integer(row, 2)), sizes.boolean(row, 3));
        ++found;
      }
    }
    if (found != copied.size())
      throw UpstreamError(sqlstate::undefined_table, "", "a table was dropped");
  }

  void plan_table(const Connection& leader, std::size_t index, std::uint64_t pages,
                  std::uint64_t rows, bool analyzed) {
    TableCounters& counters = *request_.tables[index].counters;
    counters.snapshot_records_staged.set(0);
    counters.snapshot_records_known.set(rows);
    if (!analyzed && pages > 0) uncounted_.push_back(index);
    std::uint64_t step = pages + 1;
    if (leader.server_version() >= version_with_tid_ranges) {
      const std::uint64_t ranges =
          std::max<std::size_t>(1, request_.connections) * ranges_per_connection;
      step = std::clamp(pages / ranges + 1, range_pages_min, range_pages_max);
    }
    for (std::uint64_t page = 0; page == 0 || page < pages; page += step) {
      CopyRange range{.table = index, .first_page = page};
      if (page + step < pages) range.last_page = page + step;
      ranges_.push_back(range);
    }
  }

  void run_workers(Connection& leader, const std::vector<std::size_t>& copied) {
    if (copied.empty()) return;
    const std::size_t count = std::clamp<std::size_t>(request_.connections, 1, ranges_.size());
    std::latch imported(static_cast<std::ptrdiff_t>(count));
    std::vector<std::jthread> workers;
    running_ = count;
    for (std::size_t i = 0; i < count; ++i) {
      workers.emplace_back([this, i, &imported] { work(i, imported); });
    }
    // The exported snapshot lives only as long as the leader's transaction does nothing but wait.
    imported.wait();
    count_rows(leader);
    workers.clear();
    if (failure_) std::rethrow_exception(failure_);
  }

  // While the workers copy: how many rows there will be, where statistics do not tell.
  void count_rows(Connection& leader) {
    try {
      leader.query(start_locking);
      for (const std::size_t index : uncounted_) {
        const SnapshotTable& table = request_.tables[index];
        const QueryResult count = leader.query(fmt::format(
            "SELECT pg_catalog.count(*) FROM ONLY {}", quoted_name(table.table->upstream)));
        table.counters->snapshot_records_known.set(static_cast<std::uint64_t>(count.integer(0, 0)));
        leader.query(unlock);
      }
    } catch (const SqlError&) {
      // The copy was faster, or fails for the same cause and says so: only an estimate is lost.
    }
  }

  void work(std::size_t number, std::latch& imported) {
    bool arrived = false;
    try {
      const auto connection = Connection::open(
          request_.connection, {.purpose = fmt::format("snapshot worker {}", number + 1)},
          workers_cancel_);
      begin(*connection);
      connection->query("SET TRANSACTION SNAPSHOT " + quote_literal(snapshot_));
      connection->query(start_locking);
      imported.count_down();
      arrived = true;
      while (const std::optional<CopyRange> range = next_range()) {
        CopiedRange copied =
            copy_range(*connection, request_.tables[range->table], *range, request_.store);
        add(range->table, std::move(copied), unlock_and_check(*connection, range->table));
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
      workers_cancel_.cancel(stopped());
    }
    if (!arrived) imported.count_down();
    if (--running_ == 0) leader_cancel_.cancel(stopped());
  }

  // Whether the range may have been copied after its table was rewritten.
  bool unlock_and_check(Connection& connection, std::size_t index) const {
    const Oid oid = request_.tables[index].table->upstream.oid;
    const QueryResult rewritten =
        connection.query(fmt::format("{}; {}", unlock, fmt::format(rewritten_query, oid)));
    return rewritten.rows() == 0 || rewritten.boolean(0, 0);
  }

  void add(std::size_t index, CopiedRange copied, bool rewritten) {
    const std::lock_guard lock(mutex_);
    SnapshotOutcome::Table& table = outcome_.tables[index];
    table.rewritten = table.rewritten || rewritten;
    if (table.rewritten) {
      table.parts.clear();
      return;
    }
    table.rows += copied.rows;
    for (storage::StagedPart& part : copied.parts) table.parts.push_back(std::move(part));
    table.errors.merge(copied.errors);
  }

  std::optional<CopyRange> next_range() {
    const std::lock_guard lock(mutex_);
    while (next_range_ < ranges_.size()) {
      const CopyRange& range = ranges_[next_range_++];
      if (!outcome_.tables[range.table].rewritten) return range;
    }
    return std::nullopt;
  }

  const SnapshotRequest& request_;
  CancelToken& parent_;
  CancelToken workers_cancel_;
  CancelToken leader_cancel_;
  std::string snapshot_;
  std::vector<CopyRange> ranges_;
  std::vector<std::size_t> uncounted_;
  std::atomic<std::size_t> running_{0};
  std::mutex mutex_;
  std::size_t next_range_ = 0;
  SnapshotOutcome outcome_;
  std::exception_ptr failure_;
  // Last: it ends before the tokens that it cancels.
  CancelToken::Registration follow_parent_;
};

}  // namespace

SnapshotOutcome take_snapshot(const SnapshotRequest& request, CancelToken& cancel) {
  return Snapshot(request, cancel).take();
}

}  // namespace tailrace::replication
