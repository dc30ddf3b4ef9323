// What the operators of one run share: options, local bindings, errors found, memory charged,
// threads.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/operators/morsels.hpp"
#include "engine/operators/run_once.hpp"

namespace tailrace::engine {

// Errors found in the data, each with the sum of its diffs: one that was inserted and retracted is
// none. Thread-safe.
class ErrorLedger {
 public:
  void add(const Batch& errors);  // of error_schema()
  void add(const DataError& error, Diff diff);
  // Throws the smallest by message of those that are left. Where not all pieces were read (`early`)
  // one that is only retracted so far says nothing.
  void check(bool early = false) const;

 private:
  struct Entry {
    DataError error;
    Diff diff = 0;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

// Memory that one operator holds; counts nothing where the run has no budget. Thread-safe.
class HeldMemory {
 public:
  explicit HeldMemory(MemoryBudget* budget) : budget_(budget) {}
  ~HeldMemory() { release(); }
  HeldMemory(const HeldMemory&) = delete;
  HeldMemory& operator=(const HeldMemory&) = delete;

  void add(std::size_t bytes);  // throws 53200
  void set(std::size_t bytes);  // likewise if it grows
  void release();

 private:
  MemoryBudget* budget_;
  std::atomic<std::size_t> bytes_{0};
};

class Run {
 public:
  explicit Run(const OnceOptions& options);

  const OnceOptions& options() const { return options_; }
  const EvaluationContext& context() const { return context_; }
  ErrorLedger& errors() { return errors_; }
  std::unique_ptr<HeldMemory> hold_memory() const {
    return std::make_unique<HeldMemory>(options_.memory);
  }
  void check_cancel() const {
    if (options_.cancel != nullptr) options_.cancel->check();
  }

  // Asks all pieces, on up to as many threads as the options allow, until one says stop(). The body
  // gets the number of the worker (below workers_for) that calls it. Rethrows the first exception.
  void for_each(Morsels& morsels, const std::function<void(std::size_t worker, Batch batch)>& body);
  std::size_t workers_for(const Morsels& morsels) const;
  // No further batches are wanted of the for_each that runs now.
  void stop() { stopped_.store(true, std::memory_order_relaxed); }

  // All batches, in no order.
  std::vector<Batch> collect(Morsels& morsels);

  MorselsPtr& local(LocalId id) { return locals_[id]; }

 private:
  const OnceOptions& options_;
  EvaluationContext context_;
  ErrorLedger errors_;
  std::atomic<bool> stopped_{false};
  std::unordered_map<LocalId, MorselsPtr> locals_;
};

// The operators, a file each. `open` chooses; what must see all its input works at once.
MorselsPtr open(const PlanPtr& plan, Run& run);
MorselsPtr open_scan(const plan::GetCollection& node, std::vector<int> columns,
                     std::vector<storage::ColumnRange> ranges, Run& run);
MorselsPtr open_map_filter_project(const Plan& plan, const plan::MapFilterProject& node, Run& run);
MorselsPtr open_flat_map(const Plan& plan, const plan::FlatMap& node, Run& run);
// Columns that are not `demanded` may be nullptr in the batches.
MorselsPtr open_join(const plan::Join& node, const std::vector<bool>& demanded, Run& run);
MorselsPtr open_reduce(const Plan& plan, const plan::Reduce& node, Run& run);
MorselsPtr open_top_k(const plan::TopK& node, Run& run);
MorselsPtr open_negate(const plan::Negate& node, Run& run);
MorselsPtr open_union(const plan::Union& node, Run& run);
MorselsPtr open_threshold(const plan::Threshold& node, Run& run);
MorselsPtr open_let(const plan::Let& node, Run& run);
MorselsPtr open_let_rec(const plan::LetRec& node, Run& run);
MorselsPtr open_window(const Plan& plan, const plan::Window& node, Run& run);

// Batches that are there already; large ones are handed out in slices.
MorselsPtr morsels_of(std::vector<Batch> batches, Run& run);

// One batch of all; throws 54000 where that cannot be (4 Gi rows, 4 GiB of one column).
Batch combine(const std::vector<Batch>& batches, const std::vector<Type>& types);

bool has_negative_diff(const Batch& batch);
// "Invalid data in source, saw retractions (n) for row that does not exist"
DataError retraction_error(Diff diff);

}  // namespace tailrace::engine
