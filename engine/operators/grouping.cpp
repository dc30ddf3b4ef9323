#include "engine/operators/grouping.hpp"

#include "engine/operators/aggregator.hpp"

namespace tailrace::engine {

namespace {

std::vector<Type> key_types(const AggregationLayout& layout) {
  std::vector<Type> types;
  for (const int column : layout.key)
    types.push_back(layout.types[static_cast<std::size_t>(column)]);
  return types;
}

constexpr std::size_t rows_per_batch = 64 << 10;

}  // namespace

Grouping::Grouping(const AggregationLayout& layout)
    : layout_(layout), table_(key_types(layout), Equality::sql) {
  for (const AggregationLayout::Entry& entry : layout.entries)
    aggregators_.push_back(make_aggregator(layout, entry));
  if (layout.keeps_representatives) {
    representatives_ = std::make_unique<Winners>(
        key_types(layout),
        [](const Batch& a, std::size_t row_a, const Batch& b, std::size_t row_b) {
          return compare_rows(a, row_a, {}, b, row_b, {}, Equality::identity) < 0;
        });
  }
}

Grouping::~Grouping() = default;
Grouping::Grouping(Grouping&&) noexcept = default;

void Grouping::add(const Batch& batch) {
  const Batch keys = batch.project(layout_.key);
  if (layout_.key.empty() && table_.size() == 1) {
    groups_.assign(batch.rows, 0);
  } else {
    table_.find_or_add(keys, groups_);
  }
  counts_.resize(table_.size());
  for (std::size_t row = 0; row < batch.rows; ++row) counts_[groups_[row]] += batch.diffs[row];
  if (representatives_ != nullptr) {
    std::vector<std::uint32_t> rows(batch.rows);
    for (std::size_t row = 0; row < batch.rows; ++row) rows[row] = static_cast<std::uint32_t>(row);
    representatives_->offer(keys, rows, groups_);
  }
  for (const auto& aggregator : aggregators_) aggregator->add(batch, groups_, table_.size());
}

void Grouping::merge(Grouping&& other) {
  std::vector<std::uint32_t> to_groups;
  table_.find_or_add(other.table_.keys(), to_groups);
  counts_.resize(table_.size());
  for (std::size_t group = 0; group < to_groups.size(); ++group)
    counts_[to_groups[group]] += other.counts_[group];
  if (representatives_ != nullptr) representatives_->merge(*other.representatives_, to_groups);
  for (std::size_t i = 0; i < aggregators_.size(); ++i) {
    aggregators_[i]->merge(*other.aggregators_[i], to_groups, table_.size());
  }
}

std::size_t Grouping::memory_bytes() const {
  std::size_t bytes = table_.memory_bytes() + counts_.capacity() * sizeof(Diff);
  if (representatives_ != nullptr) bytes += representatives_->memory_bytes();
  for (const auto& aggregator : aggregators_) bytes += aggregator->memory_bytes();
  return bytes;
}

Batch Grouping::representatives(const Batch& keys) const {
  if (representatives_ == nullptr) return keys;
  BatchBuilder builder(key_types(layout_));
  for (std::size_t group = 0; group < keys.rows; ++group) {
    builder.append_from(representatives_->batch_of(group), representatives_->row_of(group), 0, 1);
  }
  return builder.finish();
}

std::vector<Batch> Grouping::finish(const std::vector<Type>& types, Run& run) {
  for (const auto& aggregator : aggregators_) aggregator->settle(table_.size(), run);
  const Batch keys = representatives(table_.keys());
  std::vector<Batch> result;
  std::vector<std::uint32_t> existing;
  const auto flush = [&] {
    if (existing.empty()) return;
    Batch batch = gather(keys, existing);
    for (std::size_t i = 0; i < aggregators_.size(); ++i) {
      ColumnBuilder builder(types[layout_.key.size() + i], existing.size());
      for (const std::uint32_t group : existing) aggregators_[i]->append(group, builder);
      batch.columns.push_back(builder.finish());
    }
    result.push_back(std::move(batch));
    existing.clear();
    run.check_cancel();
  };
  for (std::size_t group = 0; group < counts_.size(); ++group) {
    if (counts_[group] < 0) run.errors().add(retraction_error(counts_[group]), 1);
    if (counts_[group] > 0) existing.push_back(static_cast<std::uint32_t>(group));
    if (existing.size() == rows_per_batch) flush();
  }
  flush();
  return result;
}

}  // namespace tailrace::engine
