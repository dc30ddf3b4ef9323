// A cluster: worker threads on which maintained dataflows run, and the arrangements that they
// share.
//
//   store --listen--> inputs --> operators, step by step over [lower, upper)
//                                   |--> materialized view (append)
//                                   |--> index (shared arrangement)
//                                   '--> subscription (batches to a reader)
//
// Dataflows on one cluster do not hold up those on another. All functions are thread-safe;
// installing returns at once, hydration goes on in the background. The cluster holds its inputs'
// since for what it has yet to read.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/expression/evaluate.hpp"
#include "engine/plan/plan.hpp"
#include "repr/memory_budget.hpp"
#include "storage/store.hpp"

namespace tailrace::engine {

// Names a dataflow or arrangement; given by the catalog (the collection id of the view or index).
using DataflowId = storage::CollectionId;

struct DataflowStatus {
  bool hydrated = false;
  Timestamp upper = 0;  // complete below
  // It will not go on (memory limit, dropped input), and why. What it wrote stays readable below
  // its upper; who waits for a later time asks here and answers with this error.
  std::optional<DataError> stopped;
  std::uint64_t arranged_rows = 0;  // updates in arrangements of its own
  std::uint64_t arranged_bytes = 0;
  std::uint64_t steps = 0;
  std::uint64_t busy_microseconds = 0;  // of engine time, over all steps
  std::uint64_t last_step_microseconds = 0;
};

struct IndexDescription {
  DataflowId id;
  storage::CollectionId
      on;        // what the index is on: a stored collection, or a view's id (see `plan`)
  PlanPtr plan;  // gives the rows that are arranged: a Get of `on`, or the view's plan
  std::vector<ScalarPtr> key;  // over the plan's columns
};

struct MaterializedViewDescription {
  DataflowId id;  // the derived collection that is written
  PlanPtr plan;
  Timestamp as_of = 0;  // first time whose contents are written, if the collection is still empty
};

// One batch of changes of a SUBSCRIBE: all updates with times in [lower, upper), consolidated,
// sorted by time.
struct SubscribeBatch {
  Timestamp lower = 0;
  Timestamp upper = 0;
  Batch rows;  // may be empty: progress only
};

class Subscription {
 public:
  virtual ~Subscription() = default;  // ends the dataflow
  // What is complete, or nothing yet. Throws the error in the data, 53400 if the reader fell too
  // far behind.
  virtual std::optional<SubscribeBatch> poll() = 0;
  virtual void wait(CancelToken& cancel) = 0;  // until poll would give something
  virtual void on_progress(std::function<void()> wake) = 0;
};

// A read of an index at one time.
class IndexReader {
 public:
  virtual ~IndexReader() = default;
  virtual Timestamp since() const = 0;
  virtual Timestamp upper() const = 0;
  // Keeps since from passing the time while the pointer lives; nullptr if it has passed.
  virtual std::shared_ptr<void> hold(Timestamp time) = 0;
  // Waits until upper > time. Throws what `cancel` says, or why the index stopped.
  virtual void wait_complete(Timestamp time, CancelToken& cancel) = 0;
  // Rows (all columns of the indexed relation, consolidated, diffs as weights) at `time` whose key
  // equals one of the rows of `keys` in SQL's sense; NULL keys match nothing. Throws the
  // collection's error if it has one at `time`.
  virtual Batch lookup(const Batch& keys, Timestamp time) const = 0;
  // All of it, as chunks; errors too.
  virtual storage::Snapshot snapshot(Timestamp time) const = 0;
};

class Cluster {
 public:
  struct Options {
    std::string name;
    std::size_t workers = 1;
    storage::Store& store;
    MemoryBudget* memory = nullptr;
    std::function<void(std::string_view)> log;
  };
  static std::unique_ptr<Cluster> create(Options options);
  virtual ~Cluster() = default;  // stops the workers; stored views stay where they are

  virtual void set_workers(
      std::size_t workers) = 0;  // ALTER CLUSTER ... SIZE; 0 stops (replication factor 0)

  virtual void install(MaterializedViewDescription view) = 0;
  virtual void install(IndexDescription index) = 0;
  virtual void drop(DataflowId id) = 0;
  virtual std::optional<DataflowStatus> status(DataflowId id) const = 0;
  virtual std::vector<DataflowId> dataflows() const = 0;

  // Changes of the plan's result from `as_of` on (with `snapshot`: first the contents at as_of, at
  // that time), until `up_to` if given. The inputs' since must not have passed as_of (see
  // Store::hold).
  virtual std::unique_ptr<Subscription> subscribe(PlanPtr plan, Timestamp as_of, bool snapshot,
                                                  std::optional<Timestamp> up_to) = 0;

  // nullptr: no such index here (yet).
  virtual std::shared_ptr<IndexReader> index(DataflowId id) const = 0;
  // Grows whenever an index becomes readable: a query planned before may be answered better now.
  virtual std::uint64_t indexes_version() const = 0;
};

}  // namespace tailrace::engine
