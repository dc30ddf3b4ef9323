// What a Reduce remembers for one aggregate, by the aggregate's class.
//
//   linear         an accumulator in the group's payload
//   hierarchical   (group, value) in order: the first is the result
//   whole_group    (group, order, arguments) in order: computed from all of them
//
// DISTINCT on a linear aggregate keeps the values with their counts, and accumulates those whose
// count is positive once.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/dataflow/computed_columns.hpp"
#include "engine/dataflow/counted_groups.hpp"
#include "engine/functions/aggregate.hpp"
#include "engine/plan/plan.hpp"
#include "repr/data_error.hpp"

namespace tailrace::engine {

class AggregateState {
 public:
  virtual ~AggregateState() = default;

  // Evaluates filter and arguments for the rows that `apply` will be given next. Returns the rows
  // that did not fail; if some did, the caller starts again with the others.
  std::vector<std::uint32_t> prepare(const Batch& rows, ErrorCollector& errors);
  // `keys` and `ids`: key columns and group of each row.
  virtual void apply(const Batch& rows, const Batch& keys, std::span<const GroupId> ids,
                     CountedGroups& groups) = 0;
  virtual void settle(CountedGroups&) {}  // the end of a bulk step
  // The value for each group that is present and has no error yet (NULL for the others); what fails
  // sets the error.
  virtual ColumnPtr results(std::span<const GroupId> groups, const Batch& keys,
                            const std::vector<bool>& present, CountedGroups& table,
                            std::vector<std::optional<DataError>>& errors) = 0;
  virtual std::size_t memory_bytes() const { return 0; }
  virtual std::size_t arranged_rows() const { return 0; }

 protected:
  explicit AggregateState(const plan::Aggregate& aggregate) : aggregate_(aggregate) {}

  plan::Aggregate aggregate_;
  // Of the prepared rows: those that count, and for each of these the arguments, then the ORDER BY
  // keys.
  std::vector<std::uint32_t> counted_;
  std::vector<ColumnPtr> values_;
};

// Accumulators take their place in the payload after `payload_bytes`, which grows.
std::unique_ptr<AggregateState> make_aggregate_state(const plan::Aggregate& aggregate,
                                                     std::span<const Type> input_types,
                                                     std::span<const Type> key_types,
                                                     std::size_t& payload_bytes);

}  // namespace tailrace::engine
