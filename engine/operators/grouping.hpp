// Aggregation of batches by key: what one worker knows about each group. Not for several threads.
//
// Batches have the columns that an AggregationLayout lays down. Linear aggregates take diffs as
// weights; distinct and whole-group ones gather what they need and settle it at the end; min and
// max need input without retractions.
#pragma once

#include <memory>
#include <vector>

#include "engine/functions/aggregate.hpp"
#include "engine/operators/key_table.hpp"
#include "engine/operators/run.hpp"
#include "engine/operators/winners.hpp"

namespace tailrace::engine {

// Where keys and arguments stand in the input.
struct AggregationLayout {
  struct Entry {
    const plan::Aggregate* aggregate = nullptr;
    std::vector<int> arguments;
    int filter = -1;
    std::vector<OrderKey> order_by;
  };
  std::vector<Type> types;  // of the input
  std::vector<int> key;
  std::vector<Entry> entries;
  bool keeps_representatives = false;  // keys with variants: the smallest by identity is shown
};

class Grouping {
 public:
  explicit Grouping(const AggregationLayout& layout);
  ~Grouping();
  Grouping(Grouping&&) noexcept;

  void add(const Batch& batch);
  void merge(Grouping&& other);
  std::size_t memory_bytes() const;
  // Rows of keys and aggregates; groups whose rows do not add up become errors.
  std::vector<Batch> finish(const std::vector<Type>& types, Run& run);

  class Aggregator;  // of one aggregate, for all groups

 private:
  Batch representatives(const Batch& keys) const;

  const AggregationLayout& layout_;
  KeyTable table_;
  std::vector<Diff> counts_;
  std::unique_ptr<Winners> representatives_;
  std::vector<std::unique_ptr<Aggregator>> aggregators_;
  std::vector<std::uint32_t> groups_;  // of the batch at hand
};

}  // namespace tailrace::engine
