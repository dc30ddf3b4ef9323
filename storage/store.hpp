// The durable, multi-versioned collections: the one thing that other parts see of storage.
//
//   commit ──▶ committer (one thread: group, time, write + sync once) ──▶ log + tails ──▶ listeners
//                                                                          │ fold
//   staged parts ─────────────── one manifest change ──────────────────▶ parts ◀── merge, truncate
//   (sign -1)
//
// Promises (docs/architecture.md has them in full): a commit is atomic over any number of
// collections, catalog records and resume positions, at one timestamp; snapshot(t) answers the same
// for ever while since <= t < upper; derived collections append at their inputs' times; a crash
// loses nothing acknowledged.
//
// Thread-safe throughout. Nothing here blocks on readers; `commit` blocks until durable and
// visible.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "repr/cancel.hpp"
#include "repr/data_error.hpp"
#include "repr/memory_budget.hpp"
#include "repr/schema.hpp"
#include "storage/collection_id.hpp"
#include "storage/listener.hpp"
#include "storage/snapshot.hpp"
#include "storage/staging.hpp"

namespace tailrace::storage {

enum class CollectionKind : std::uint8_t {
  clocked,   // tables, source outputs: written by commits, the upper follows the clock
  derived,   // materialized views: written by append, with an upper of their own
  volatile_  // about the running process: in memory, gone at a restart, the upper follows the clock
};

struct CollectionDescription {
  CollectionKind kind = CollectionKind::clocked;
  Schema schema;
  std::vector<int>
      key;  // columns that identify a row (sort order of parts, what `lookup` asks); may be empty
  std::uint64_t retention_ms = 1000;  // how far since trails upper
};

// Rows and errors that a commit adds: diffs by the caller, times by the committer.
struct CollectionDelta {
  CollectionId collection;
  Delta delta;
};

// Opaque records of other parts, read back with `scan_records`.
enum class RecordSpace : std::uint8_t { catalog, secrets, positions, intents };
struct RecordChange {
  RecordSpace space = RecordSpace::catalog;
  std::string key;
  std::optional<std::string> value;  // none: delete
};

// Checked by the committer in commit order; one that fails makes the whole commit a Conflict.
struct Preconditions {
  std::optional<std::uint64_t> catalog_version;  // of the last commit with `bumps_catalog_version`
  std::vector<std::pair<CollectionId, Timestamp>>
      unchanged_since;  // no commit touched it after this time
  // The record has this value now (none: it does not exist): resume positions, writer epochs.
  std::vector<RecordChange> records;
};

// Everything one commit does. All or nothing.
struct CommitRequest {
  Preconditions preconditions;
  std::vector<std::pair<CollectionId, CollectionDescription>> create;
  std::vector<CollectionId> drop;
  std::vector<std::pair<CollectionId, std::uint64_t>> set_retention_ms;
  std::vector<CollectionId>
      truncate;  // what is there before the `deltas` and `parts` of this commit
  std::vector<CollectionDelta> deltas;
  std::vector<StagedPart> parts;  // become visible at the commit's time
  std::vector<RecordChange> records;
  bool bumps_catalog_version = false;
  // What depends on the time is added by this: called by the committer once the time is known,
  // before anything is written. Must be quick and must not call the store.
  std::function<void(Timestamp, CommitRequest&)> at_time;
  // Changes from upstream that can be had again: may be published before the sync
  // (--replicated-sync=deferred).
  bool replicated = false;
};

struct Conflict {
  enum class What : std::uint8_t { catalog_version, collection, record };
  What what = What::record;
  std::string detail;
};

struct CommitOutcome {
  Timestamp time = 0;  // of the commit; meaningless with a conflict or an error
  std::optional<Conflict> conflict;
  // The disk said no (53100, 58030), or a collection does not exist (42P01): nothing was written.
  std::optional<SqlError> error;
};

struct AppendOutcome {
  bool appended = false;
  Timestamp upper = 0;  // after the call, whether or not it succeeded
};

struct StoreOptions {
  std::filesystem::path directory;
  std::uint64_t tick_ms = 1000;            // how often the clock moves when idle
  std::size_t tail_bytes_max = 256 << 20;  // bound of all log tails in memory; folded above it
  std::size_t block_cache_bytes = 128 << 20;
  // A listener that is not polled while so many bytes of changes come ends with 53400: it would
  // hold history for ever.
  std::uint64_t listener_backlog_bytes_max = std::uint64_t{4} << 30;
  bool deferred_replicated_sync = false;
  bool sync = true;  // false only where durability is not what is measured
  MemoryBudget* memory = nullptr;
  std::function<std::uint64_t()> wall_clock;   // milliseconds; tests replace it
  std::function<void(std::string_view)> warn;  // for the log
};

struct CollectionStatus {
  Timestamp since = 0;
  Timestamp upper = 0;
  std::uint64_t part_bytes = 0;  // on disk
  std::uint64_t part_updates = 0;
  std::uint64_t tail_bytes = 0;  // in memory
  std::uint64_t tail_updates = 0;
};

// A claim that keeps a collection's since at or below a time. Moves forward only; ends with its
// destruction.
class ReadHold {
 public:
  virtual ~ReadHold() = default;
  virtual CollectionId collection() const = 0;
  virtual Timestamp time() const = 0;
  virtual void advance(Timestamp time) = 0;
};
using ReadHoldPtr = std::unique_ptr<ReadHold>;

class Store {
 public:
  // Opens or creates. Throws SqlError (58030; 55006: in use by another process; 0A000: a version
  // from the future; XX001) with the directory in the message.
  static std::unique_ptr<Store> open(StoreOptions options);
  virtual ~Store() = default;  // an orderly stop; what was acknowledged is on disk in any case

  virtual CommitOutcome commit(CommitRequest request) = 0;
  // The same without waiting: `done` runs on a thread of the store once durable and visible, in
  // commit order; it must be quick and must not throw. Blocks only while too many bytes wait (the
  // committer's queue bound).
  virtual void commit_async(CommitRequest request, std::function<void(CommitOutcome)> done) = 0;

  // To a derived collection: times must lie in [expected_upper, new_upper). Visible at once and
  // durable before the new upper is seen after a restart; appended == false if the upper is not the
  // expected one.
  virtual AppendOutcome append(CollectionId collection, Timestamp expected_upper,
                               Timestamp new_upper, Delta delta) = 0;

  virtual void create_volatile(CollectionId collection, CollectionDescription description) = 0;
  // Adds a delta to a volatile collection with the next tick.
  virtual void publish_volatile(CollectionId collection, Delta delta) = 0;

  virtual std::optional<CollectionDescription> describe(CollectionId collection) const = 0;
  virtual std::vector<CollectionId> collections() const = 0;
  virtual CollectionStatus status(CollectionId collection) const = 0;  // 42P01 if unknown
  virtual std::uint64_t catalog_version() const = 0;

  // The time of the last commit or tick that is visible: clocked and volatile collections are
  // complete through it.
  virtual Timestamp latest_time() const = 0;
  virtual Timestamp upper(CollectionId collection) const = 0;
  virtual Timestamp since(CollectionId collection) const = 0;
  // Returns when upper > time. Throws what `cancel` says, or 42P01 if the collection is dropped.
  virtual void wait_complete(CollectionId collection, Timestamp time, CancelToken& cancel) = 0;

  // Holds for all of them in one step: no since passes `time` in between. Where `time` is below a
  // since already, that hold begins at the since (ReadHold::time tells).
  virtual std::vector<ReadHoldPtr> hold(std::span<const CollectionId> collections,
                                        Timestamp time) = 0;

  // After a start, no since of a collection that was there before moves until this is called (or a
  // minute has passed): so that stored views can take up their holds at their uppers first.
  virtual void holds_taken_up() = 0;

  // Contents at `time`: since <= time < upper, else SqlError 22023 naming both. Copies nothing,
  // blocks nobody.
  virtual Snapshot snapshot(CollectionId collection, Timestamp time) = 0;
  // Every later change of these collections (times >= from), in order. Holds since from there.
  virtual std::unique_ptr<Listener> listen(std::vector<CollectionId> collections,
                                           Timestamp from) = 0;
  // All updates with time <= `time` of rows whose key columns are among `keys` (a batch of just the
  // key columns, sorted by identity). The result has one column in front: the int4 row number in
  // `keys`. NULLs in keys match NULLs.
  virtual Batch lookup(CollectionId collection, const Batch& keys, Timestamp time) = 0;

  virtual std::unique_ptr<PartWriter> stage(CollectionId collection) = 0;

  virtual std::optional<std::string> read_record(RecordSpace space, std::string_view key) const = 0;
  virtual std::vector<std::pair<std::string, std::string>> scan_records(
      RecordSpace space, std::string_view prefix) const = 0;

  // Folds, merges and drops what can be, now, and returns when done: for tests and measurements.
  virtual void compact_now(CollectionId collection) = 0;
  virtual std::uint64_t disk_bytes() const = 0;
};

}  // namespace tailrace::storage
