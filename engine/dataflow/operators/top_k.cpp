// TopK: per group the rows [offset, offset + limit) in order, ties by identity of the whole row.
//
// Remembers all rows in order (OrderedRows). A group that changes gives its new window less its old
// one; only windows are read, so a change costs O(log n + window), not O(group).
#include "engine/dataflow/group_window.hpp"
#include "engine/dataflow/operators/operators.hpp"
#include "engine/dataflow/ordered_rows.hpp"
#include "engine/operators/run.hpp"

namespace tailrace::engine {

namespace {

class TopK final : public Operator {
 public:
  explicit TopK(const plan::TopK& node)
      : group_(node.group_key),
        rows_(node.group_key, by_keys(node.order_by)),
        limit_(node.limit),
        offset_(node.offset) {}

  void push(std::size_t, const Batch& rows) override {
    if (step().bulk) {
      rows_.update_later(rows);
    } else {
      waiting_.push_back(rows);
    }
  }

  void flush() override {
    if (step().bulk) {
      rows_.settle();
      emit_first(step().upper - 1);
      return;
    }
    for (const auto& [time, rows] : split_by_time(waiting_)) {
      const Batch groups = distinct_groups(rows, group_);
      Windows before = windows(groups);
      rows_.update(rows);
      Windows after = windows(groups);
      std::vector<Batch> changes;
      for (const Batch& batch : before.rows) changes.push_back(batch.negated().with_time(time));
      for (const Batch& batch : after.rows) changes.push_back(batch.with_time(time));
      if (!changes.empty()) emit(consolidate(concatenate(changes)));
      ErrorCollector errors;
      for (const Diff count : before.negative) errors.add(retraction_error(count), time, -1);
      for (const Diff count : after.negative) errors.add(retraction_error(count), time, 1);
      if (!errors.empty()) emit_errors(consolidate(errors.take()));
    }
    waiting_.clear();
  }
  std::size_t memory_bytes() const override { return rows_.memory_bytes(); }
  std::size_t arranged_rows() const override { return rows_.size(); }

 private:
  struct Windows {
    std::vector<Batch> rows;
    std::vector<Diff> negative;  // counts below 0 that stand before a window's end, one a group
  };

  // What the window takes of `count` copies that stand after `passed` others.
  Diff taken(std::uint64_t passed, std::uint64_t count) const {
    const std::uint64_t end = passed + count;
    const std::uint64_t window_end =
        limit_ && *limit_ < ~offset_ ? offset_ + *limit_ : ~std::uint64_t(0);
    const std::uint64_t first = std::max(passed, offset_), last = std::min(end, window_end);
    return last > first ? static_cast<Diff>(last - first) : 0;
  }
  bool window_ends_at(std::uint64_t passed) const {
    return limit_ && *limit_ < ~offset_ && passed >= offset_ + *limit_;
  }

  Windows windows(const Batch& groups) const {
    Windows result;
    RunCollector kept;
    for (std::size_t group = 0; group < groups.rows; ++group) {
      std::uint64_t passed = 0;
      rows_.scan(groups, group, group_, [&](const Batch& batch, std::size_t row, Diff count) {
        if (window_ends_at(passed)) return false;
        if (count < 0) return result.negative.push_back(count), false;
        if (const Diff diff = taken(passed, static_cast<std::uint64_t>(count)))
          kept.add(batch, row, diff);
        passed += static_cast<std::uint64_t>(count);
        return true;
      });
    }
    result.rows = kept.take();
    return result;
  }

  // The windows of all groups, for the first step.
  void emit_first(Timestamp time) {
    RunCollector kept;
    std::uint64_t passed = 0;
    ErrorCollector errors;
    const Batch* last = nullptr;
    std::size_t last_row = 0;
    bool broken = false;
    rows_.for_each_leaf([&](const Batch& leaf) {
      for (std::size_t row = 0; row < leaf.rows; ++row) {
        const bool same = last && (group_.empty() || equal_rows(*last, last_row, group_, leaf, row,
                                                                group_, Equality::sql));
        if (!same) passed = 0, broken = false;
        last = &leaf, last_row = row;
        if (broken || window_ends_at(passed)) continue;
        const Diff count = leaf.diffs[row];
        if (count < 0) {
          broken = true;
          errors.add(retraction_error(count), time, 1);
          continue;
        }
        if (const Diff diff = taken(passed, static_cast<std::uint64_t>(count)))
          kept.add(leaf, row, diff);
        passed += static_cast<std::uint64_t>(count);
      }
    });
    for (const Batch& batch : kept.take()) emit(batch.with_time(time));
    emit_errors(errors.take());
  }

  std::vector<int> group_;
  OrderedRows rows_;
  std::optional<std::uint64_t> limit_;
  std::uint64_t offset_;
  std::vector<Batch> waiting_;
};

}  // namespace

OperatorPtr make_top_k(const plan::TopK& node) {
  return std::make_unique<TopK>(node);
}

}  // namespace tailrace::engine
