#include "engine/operators/aggregator.hpp"

#include <cstring>

namespace tailrace::engine {

namespace {

using Entry = AggregationLayout::Entry;

// The rows of a batch that count for an aggregate: the filter is true, no argument is NULL where
// that matters.
void rows_that_count(const Batch& batch, const Entry& entry, std::vector<std::uint32_t>& rows) {
  rows.clear();
  std::vector<const Column*> not_null;
  if (entry.aggregate->function->ignores_nulls) {
    // Only the first argument decides; a separator that is NULL is the function's own matter.
    if (!entry.arguments.empty()) {
      const Column& column = *batch.columns[static_cast<std::size_t>(entry.arguments[0])];
      if (column.has_nulls()) not_null.push_back(&column);
    }
  }
  const Column* const filter =
      entry.filter < 0 ? nullptr : batch.columns[static_cast<std::size_t>(entry.filter)].get();
  for (std::size_t row = 0; row < batch.rows; ++row) {
    if (filter != nullptr && filter->values<std::uint8_t>()[row] == 0)
      continue;  // NULL is zero too
    if (!not_null.empty() && not_null.front()->is_null(row)) continue;
    rows.push_back(static_cast<std::uint32_t>(row));
  }
}

std::vector<ColumnPtr> columns_of(const Batch& batch, const std::vector<int>& indices) {
  std::vector<ColumnPtr> columns;
  for (const int index : indices) columns.push_back(batch.columns[static_cast<std::size_t>(index)]);
  return columns;
}

// States of a fixed size for any number of groups, in blocks that never move.
class States {
 public:
  explicit States(std::size_t bytes) : stride_((bytes + 7) / 8 * 8) {}
  std::byte* at(std::size_t group) {
    return blocks_[group / per_block].get() + group % per_block * stride_;
  }
  void grow(std::size_t groups) {
    while (blocks_.size() * per_block < groups)
      blocks_.push_back(std::make_unique<std::byte[]>(per_block * stride_));
  }
  std::size_t memory_bytes() const { return blocks_.size() * per_block * stride_; }

 private:
  static constexpr std::size_t per_block = 256;
  std::size_t stride_;
  std::vector<std::unique_ptr<std::byte[]>> blocks_;  // zero
};

class LinearAggregator final : public Grouping::Aggregator {
 public:
  explicit LinearAggregator(const Entry& entry)
      : entry_(entry),
        function_(*entry.aggregate->function),
        states_(function_.accumulator_bytes) {}

  void add(const Batch& batch, std::span<const std::uint32_t> groups,
           std::size_t group_count) override {
    states_.grow(group_count);
    rows_that_count(batch, entry_, rows_);
    pointers_.resize(rows_.size());
    diffs_.resize(rows_.size());
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      pointers_[i] = states_.at(groups[rows_[i]]);
      diffs_[i] = batch.diffs[rows_[i]];
    }
    const std::vector<ColumnPtr> arguments = columns_of(batch, entry_.arguments);
    function_.update(arguments, rows_, diffs_, pointers_);
  }

  // Rows of single groups, each with weight 1: how distinct aggregates feed what they settled.
  void add_once(std::span<const ColumnPtr> arguments, std::span<const std::uint32_t> rows,
                std::span<const std::uint32_t> groups, std::size_t group_count) {
    states_.grow(group_count);
    pointers_.clear();
    for (const std::uint32_t group : groups) pointers_.push_back(states_.at(group));
    diffs_.assign(rows.size(), 1);
    function_.update(arguments, rows, diffs_, pointers_);
  }

  void merge(Aggregator& other, std::span<const std::uint32_t> to_groups,
             std::size_t group_count) override {
    states_.grow(group_count);
    auto& from = static_cast<LinearAggregator&>(other);
    for (std::size_t group = 0; group < to_groups.size(); ++group) {
      function_.merge(states_.at(to_groups[group]), from.states_.at(group));
    }
  }
  void settle(std::size_t group_count, Run&) override { states_.grow(group_count); }
  void append(std::size_t group, ColumnBuilder& out) override {
    function_.finish(states_.at(group), entry_.aggregate->type, out);
  }
  std::size_t memory_bytes() const override { return states_.memory_bytes(); }

 private:
  const Entry& entry_;
  const AggregateFunction& function_;
  States states_;
  std::vector<std::uint32_t> rows_;
  std::vector<std::byte*> pointers_;
  std::vector<Diff> diffs_;
};

class ExtremeAggregator final : public Grouping::Aggregator {
 public:
  ExtremeAggregator(const AggregationLayout& layout, const Entry& entry)
      : entry_(entry),
        winners_({layout.types[static_cast<std::size_t>(entry.arguments[0])]},
                 [wins = entry.aggregate->function->wins](const Batch& a, std::size_t row_a,
                                                          const Batch& b, std::size_t row_b) {
                   return wins(*a.columns[0], row_a, *b.columns[0], row_b);
                 }) {}

  void add(const Batch& batch, std::span<const std::uint32_t> groups, std::size_t) override {
    rows_that_count(batch, entry_, rows_);
    row_groups_.clear();
    for (const std::uint32_t row : rows_) row_groups_.push_back(groups[row]);
    winners_.offer(batch.project(entry_.arguments), rows_, row_groups_);
  }
  void merge(Aggregator& other, std::span<const std::uint32_t> to_groups, std::size_t) override {
    winners_.merge(static_cast<ExtremeAggregator&>(other).winners_, to_groups);
  }
  void settle(std::size_t, Run&) override {}
  void append(std::size_t group, ColumnBuilder& out) override {
    if (winners_.has(group)) {
      out.append_from(*winners_.batch_of(group).columns[0], winners_.row_of(group));
    } else {
      out.append_null();
    }
  }
  std::size_t memory_bytes() const override { return winners_.memory_bytes(); }

 private:
  const Entry& entry_;
  Winners winners_;
  std::vector<std::uint32_t> rows_;
  std::vector<std::uint32_t> row_groups_;
};

// Batches of (group as int8, some columns of the input), with diffs.
Batch with_groups(const Batch& batch, std::span<const std::uint32_t> rows,
                  std::span<const std::uint32_t> groups, const std::vector<int>& columns) {
  ColumnBuilder numbers(TypeId::int8, rows.size());
  for (const std::uint32_t row : rows) numbers.append<std::int64_t>(groups[row]);
  Batch chosen = gather(batch.project(columns), rows);
  chosen.times = PerRow<Timestamp>::uniform(0);
  chosen.columns.insert(chosen.columns.begin(), numbers.finish());
  return chosen;
}

// The same with groups renamed.
Batch with_renamed_groups(const Batch& batch, std::span<const std::uint32_t> to_groups) {
  ColumnBuilder numbers(TypeId::int8, batch.rows);
  for (const std::int64_t group : batch.columns[0]->values<std::int64_t>()) {
    numbers.append<std::int64_t>(to_groups[static_cast<std::size_t>(group)]);
  }
  Batch renamed = batch;
  renamed.columns[0] = numbers.finish();
  return renamed;
}

// DISTINCT of a linear or extreme aggregate: the set of values of each group, each counted by its
// diffs.
class DistinctAggregator final : public Grouping::Aggregator {
 public:
  DistinctAggregator(const AggregationLayout& layout, const Entry& entry)
      : entry_(entry), table_(types_of(layout, entry), Equality::sql), linear_(entry) {}

  void add(const Batch& batch, std::span<const std::uint32_t> groups, std::size_t) override {
    rows_that_count(batch, entry_, rows_);
    add_values(with_groups(batch, rows_, groups, entry_.arguments));
  }
  void merge(Aggregator& other, std::span<const std::uint32_t> to_groups, std::size_t) override {
    auto& from = static_cast<DistinctAggregator&>(other);
    Batch values = with_renamed_groups(from.table_.keys(), to_groups);
    values.diffs = PerRow<Diff>::each(std::move(from.counts_));
    add_values(values);
  }
  void settle(std::size_t group_count, Run& run) override {
    const Batch values = table_.keys();
    std::vector<std::uint32_t> rows;
    std::vector<std::uint32_t> groups;
    const std::span<const std::int64_t> numbers = values.columns[0]->values<std::int64_t>();
    for (std::size_t row = 0; row < values.rows; ++row) {
      if (counts_[row] < 0) run.errors().add(retraction_error(counts_[row]), 1);
      if (counts_[row] <= 0) continue;
      rows.push_back(static_cast<std::uint32_t>(row));
      groups.push_back(static_cast<std::uint32_t>(numbers[row]));
    }
    const std::vector<ColumnPtr> arguments(values.columns.begin() + 1, values.columns.end());
    linear_.add_once(arguments, rows, groups, group_count);
  }
  void append(std::size_t group, ColumnBuilder& out) override { linear_.append(group, out); }
  std::size_t memory_bytes() const override {
    return table_.memory_bytes() + linear_.memory_bytes();
  }

 private:
  static std::vector<Type> types_of(const AggregationLayout& layout, const Entry& entry) {
    std::vector<Type> types = {TypeId::int8};
    for (const int argument : entry.arguments)
      types.push_back(layout.types[static_cast<std::size_t>(argument)]);
    return types;
  }
  void add_values(const Batch& values) {
    table_.find_or_add(values, found_);
    counts_.resize(table_.size());
    for (std::size_t row = 0; row < values.rows; ++row) counts_[found_[row]] += values.diffs[row];
  }

  const Entry& entry_;
  KeyTable table_;
  std::vector<Diff> counts_;
  LinearAggregator linear_;
  std::vector<std::uint32_t> rows_;
  std::vector<std::uint32_t> found_;
};

// string_agg, array_agg, ...: all rows of a group, in order. Without ORDER BY by value, so that it
// is deterministic.
class CollectingAggregator final : public Grouping::Aggregator {
 public:
  CollectingAggregator(const AggregationLayout& layout, const Entry& entry)
      : entry_(entry), columns_(entry.arguments) {
    types_ = {TypeId::int8};
    order_ = {{.column = 0}};
    for (OrderKey key : entry.order_by) {
      columns_.push_back(key.column);
      key.column = static_cast<int>(columns_.size());
      order_.push_back(key);
    }
    for (std::size_t i = 0; i < entry.arguments.size(); ++i)
      order_.push_back({.column = static_cast<int>(i) + 1});
    for (const int column : columns_)
      types_.push_back(layout.types[static_cast<std::size_t>(column)]);
  }

  void add(const Batch& batch, std::span<const std::uint32_t> groups, std::size_t) override {
    rows_that_count(batch, entry_, rows_);
    if (!rows_.empty()) batches_.push_back(with_groups(batch, rows_, groups, columns_));
  }
  void merge(Aggregator& other, std::span<const std::uint32_t> to_groups, std::size_t) override {
    for (const Batch& batch : static_cast<CollectingAggregator&>(other).batches_) {
      batches_.push_back(with_renamed_groups(batch, to_groups));
    }
  }
  void settle(std::size_t group_count, Run& run) override {
    const Batch net = consolidate(combine(batches_, types_));
    batches_.clear();
    std::vector<std::uint32_t> expanded;
    std::size_t previous = net.rows;
    for (const std::uint32_t row : sort_rows(net, order_)) {
      if (net.diffs[row] < 0) run.errors().add(retraction_error(net.diffs[row]), 1);
      // Values that are equal in SQL's sense stand side by side in this order.
      const bool again =
          entry_.aggregate->distinct && previous < net.rows && same_values(net, previous, row);
      if (again || net.diffs[row] <= 0) continue;
      previous = row;
      const Diff times = entry_.aggregate->distinct ? 1 : net.diffs[row];
      for (Diff i = 0; i < times; ++i) expanded.push_back(row);
    }
    sorted_ = gather(net, expanded);
    firsts_.assign(group_count + 1, 0);
    for (const std::int64_t group : sorted_.columns[0]->values<std::int64_t>()) {
      ++firsts_[static_cast<std::size_t>(group) + 1];
    }
    for (std::size_t group = 0; group < group_count; ++group) firsts_[group + 1] += firsts_[group];
  }
  void append(std::size_t group, ColumnBuilder& out) override {
    const std::size_t first = firsts_[group];
    const std::size_t count = firsts_[group + 1] - first;
    if (count == 0) {
      out.append_null();
      return;
    }
    std::vector<ColumnPtr> arguments;
    for (std::size_t i = 0; i < entry_.arguments.size(); ++i) {
      arguments.push_back(slice(sorted_.columns[i + 1], first, count));
    }
    entry_.aggregate->function->compute(arguments, entry_.aggregate->type, out);
  }
  std::size_t memory_bytes() const override {
    std::size_t bytes = sorted_.memory_bytes();
    for (const Batch& batch : batches_) bytes += batch.memory_bytes();
    return bytes;
  }

 private:
  bool same_values(const Batch& batch, std::size_t a, std::size_t b) const {
    std::vector<int> compared;
    for (std::size_t i = 0; i <= entry_.arguments.size(); ++i)
      compared.push_back(static_cast<int>(i));
    return equal_rows(batch, a, compared, batch, b, compared, Equality::sql);
  }

  const Entry& entry_;
  std::vector<int> columns_;
  std::vector<Type> types_;
  std::vector<OrderKey> order_;
  std::vector<Batch> batches_;
  Batch sorted_;
  std::vector<std::size_t> firsts_;
  std::vector<std::uint32_t> rows_;
};

}  // namespace

std::unique_ptr<Grouping::Aggregator> make_aggregator(const AggregationLayout& layout,
                                                      const Entry& entry) {
  switch (entry.aggregate->function->kind) {
    case AggregateClass::linear:
      if (entry.aggregate->distinct) return std::make_unique<DistinctAggregator>(layout, entry);
      return std::make_unique<LinearAggregator>(entry);
    case AggregateClass::hierarchical:  // duplicates change no extreme
      return std::make_unique<ExtremeAggregator>(layout, entry);
    case AggregateClass::whole_group:
      return std::make_unique<CollectingAggregator>(layout, entry);
  }
  return nullptr;
}

}  // namespace tailrace::engine
