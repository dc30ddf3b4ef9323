// Runs a plan once over snapshots at one time: vectorised, hash joins and hash aggregation, morsel-parallel.
//
// Inputs need not be consolidated: a diff is a weight. Output batches carry diffs and are not consolidated either;
// their times mean nothing.
#pragma once

#include <functional>
#include <memory>

#include "engine/expression/evaluate.hpp"
#include "engine/plan/plan.hpp"
#include "repr/memory_budget.hpp"
#include "storage/snapshot.hpp"

namespace tailrace::engine {

// Where a plan's collections are read: a snapshot of the store plus a transaction's own writes, or an arrangement.
// Thread-safe.
class OnceInputs {
 public:
  virtual ~OnceInputs() = default;
  // At the one time of this run. Called once per Get before execution.
  virtual storage::Snapshot snapshot(storage::CollectionId collection) = 0;
};

struct OnceOptions {
  OnceInputs& inputs;
  Timestamp time = 0;  // also what mz_now() is
  const SessionContext* session = nullptr;
  CancelToken* cancel = nullptr;
  MemoryBudget* memory = nullptr;
  std::size_t threads = 1;
};

// Calls `sink` with batches of rows, from one thread at a time; a sink that blocks slows execution down. Throws the
// first error found in the data (the smallest by message where several are known), or 53200, or what `cancel` says.
void run_once(const PlanPtr& plan, const OnceOptions& options, const std::function<void(Batch)>& sink);

// The same with ORDER BY / LIMIT / OFFSET and projection applied: batches in order, every diff 1 (a negative
// accumulated multiplicity is an error). LIMIT without ORDER BY stops early.
void run_once(const PlanPtr& plan, const Finishing& finishing, const OnceOptions& options,
              const std::function<void(Batch)>& sink);

}  // namespace tailrace::engine
