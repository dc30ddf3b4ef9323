// One aggregate over all groups of a Grouping: a kind per class of aggregate function.
#pragma once

#include <memory>
#include <span>

#include "engine/operators/grouping.hpp"

namespace tailrace::engine {

class Grouping::Aggregator {
 public:
  virtual ~Aggregator() = default;
  virtual void add(const Batch& batch, std::span<const std::uint32_t> groups,
                   std::size_t group_count) = 0;
  // Group i of the other is group to_groups[i] here.
  virtual void merge(Aggregator& other, std::span<const std::uint32_t> to_groups,
                     std::size_t group_count) = 0;
  // Called once before `append`, with the number of groups.
  virtual void settle(std::size_t group_count, Run& run) = 0;
  virtual void append(std::size_t group, ColumnBuilder& out) = 0;
  virtual std::size_t memory_bytes() const = 0;
};

std::unique_ptr<Grouping::Aggregator> make_aggregator(const AggregationLayout& layout,
                                                      const AggregationLayout::Entry& entry);

}  // namespace tailrace::engine
