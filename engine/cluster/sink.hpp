// Where a dataflow's output goes: a materialized view, an index, a subscription.
#pragma once

#include <cstddef>
#include <optional>

#include "engine/dataflow/shared_arrangement.hpp"

namespace tailrace::engine {

// Called by the dataflow's thread only. What it throws stops the dataflow.
class Sink {
 public:
  virtual ~Sink() = default;
  // The contents at contents.upper - 1. Not consolidated; times are that time.
  virtual void hydrate(StepChanges contents, Workers* workers) = 0;
  // Everything that changes in [lower, upper), which follows what came before without a gap. Often
  // nothing at all.
  virtual void append(StepChanges changes, Workers* workers) = 0;
  // Nothing will come any more.
  virtual void stop(const DataError& why) { (void)why; }
  virtual bool finished() const { return false; }  // it wants no more
  virtual std::size_t memory_bytes() const { return 0; }
  virtual std::size_t arranged_rows() const { return 0; }
};

// The operator at the end of a graph: keeps what comes until the step ends.
class Collector final : public Operator {
 public:
  void push(std::size_t, const Batch& rows) override { rows_.push_back(rows); }
  void push_errors(const Batch& errors) override { errors_.push_back(errors); }
  bool empty() const { return rows_.empty() && errors_.empty(); }
  StepChanges take(Timestamp lower, Timestamp upper) {
    StepChanges changes{lower, upper, std::move(rows_), std::move(errors_)};
    rows_.clear();
    errors_.clear();
    return changes;
  }
  std::size_t memory_bytes() const override {
    std::size_t bytes = 0;
    for (const Batch& batch : rows_) bytes += batch.memory_bytes();
    return bytes;
  }

 private:
  std::vector<Batch> rows_, errors_;
};

// One consolidated batch; without columns if nothing is left.
Batch consolidated(const std::vector<Batch>& batches);

}  // namespace tailrace::engine
