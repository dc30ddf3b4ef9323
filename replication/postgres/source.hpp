// A running PostgreSQL source: snapshot, then the replication stream, into collections, exactly
// once.
//
//   CREATE ─▶ slot + exported snapshot at LSN S ─▶ parallel COPY into staged parts ─▶ one commit ─┐
//                                                                                                 ▼
//   restart, reconnect ─▶ stored position ───────────────────────────▶ START_REPLICATION ─▶ commit
//   per transaction,
//                                                                     position in the same write
//
// Threads of its own; all functions are thread-safe and return at once unless said otherwise. Never
// gives up on what can heal: status tells, backoff, again. What cannot heal becomes an error in
// exactly the affected collections.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "replication/postgres/config.hpp"
#include "storage/store.hpp"

namespace tailrace::replication {

// reference/system-catalog.md 4.3, 4.4.
enum class SourceState : std::uint8_t {
  created,
  starting,
  running,
  paused,
  stalled,
  ceased,
  failed,
  dropped
};
std::string_view to_string(SourceState state);

struct SourceStatusChange {
  // The source itself, or one of its tables (its collection).
  std::optional<storage::CollectionId> table;
  SourceState state = SourceState::created;
  std::string error;  // empty: none
  std::string hint;
};

// Totals since the source was made, or as said; for mz_source_statistics
// (reference/system-catalog.md 4.1). `nullopt`: NULL.
struct ExportStatistics {
  storage::CollectionId collection;  // 0: the source itself
  std::uint64_t messages_received = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t updates_staged = 0;
  std::uint64_t updates_committed = 0;
  std::uint64_t records_indexed = 0;
  std::uint64_t bytes_indexed = 0;
  std::optional<std::int64_t> rehydration_latency_ms;
  std::optional<std::uint64_t> snapshot_records_known;
  std::optional<std::uint64_t> snapshot_records_staged;
  bool snapshot_committed = false;
  std::optional<std::uint64_t> offset_known;      // LSN upstream has
  std::optional<std::uint64_t> offset_committed;  // LSN that is durable here
};

// What upstream said of the source's replication slot when it was last asked (each second); for
// mz_postgres_source_slots. `nullopt`: upstream, or its version, does not tell.
struct SlotReport {
  std::string wal_status;  // reserved, extended, unreserved or lost; empty before version 13
  std::uint64_t retained_bytes = 0;  // of log that upstream keeps for the slot
  std::optional<std::uint64_t>
      safe_bytes;  // that may still be written before the slot is in danger
  std::uint64_t restart_lsn = 0;
  std::uint64_t confirmed_lsn = 0;
  std::optional<std::uint64_t>
      catalog_xmin_age;  // transactions since the oldest row that catalogs must keep for it
  std::string
      held_by;  // the oldest transaction upstream, where much log is kept; empty: not looked for
  std::optional<std::int64_t>
      last_commit_at;            // upstream's time of the newest transaction visible here
  std::int64_t reported_at = 0;  // both in microseconds since 2000-01-01
};

// Of the tables whose first snapshot is not committed, together.
struct SnapshotProgress {
  std::size_t tables = 0;
  std::uint64_t records_known = 0;  // an estimate, until they are counted
  std::uint64_t records_staged = 0;
  std::optional<std::int64_t> began_at;   // nothing: it has not begun, or not everywhere
  std::optional<std::int64_t> remaining;  // microseconds, at the mean pace so far
};

struct SourceOptions {
  storage::Store& store;
  MemoryBudget* memory = nullptr;
  std::size_t snapshot_connections = 2;
  // Called from the source's threads on every change; quick, not blocking.
  std::function<void(const SourceStatusChange&)> on_status;
  std::function<void(std::string_view)> log;
};

class PostgresSource {
 public:
  // Starts at once. What it must know from before (position, S per table) it reads from the store's
  // records under RecordSpace::positions with keys "postgres/<source id>/...".
  static std::unique_ptr<PostgresSource> start(SourceConfig config, SourceOptions options);
  virtual ~PostgresSource() = default;  // stops; everything committed stays, the slot too

  // The connection was altered: `cut` ends the sessions that use the old one. Otherwise they go on; a source that
  // waits to try again, or cannot go on, tries at once.
  virtual void connection_altered(bool cut) = 0;
  virtual void add_table(TableExport table) = 0;  // snapshot beside the running stream
  virtual void remove_table(storage::CollectionId collection) = 0;
  virtual std::vector<ExportStatistics> statistics() const = 0;
  virtual std::optional<SlotReport> slot() const = 0;  // nothing before upstream has been asked
  virtual std::optional<SnapshotProgress> snapshot() const = 0;  // nothing: all are committed
  // For real_time_recency: waits until everything is visible here that upstream had committed when
  // called.
  virtual void wait_recent(CancelToken& cancel) = 0;
  // Until the table's snapshot is committed, or it has ceased with an error: before, it is not to
  // be read. False: the source was stopped, or it is `until`.
  virtual bool wait_readable(storage::CollectionId collection,
                             std::chrono::steady_clock::time_point until, CancelToken& cancel) = 0;
  // Nothing more happens once this has returned, and those who wait are told. So does the
  // destructor.
  virtual void stop() = 0;
};

// Whether the table's first snapshot was committed, or it has ceased: as the store remembers it.
bool is_readable(const storage::Store& store, std::string_view source_id,
                 storage::CollectionId collection);

// Records to delete in the commit that drops the source, and to write (none now) in the one that
// makes it.
std::vector<storage::RecordChange> records_of_drop(const storage::Store& store,
                                                   std::string_view source_id);

}  // namespace tailrace::replication
