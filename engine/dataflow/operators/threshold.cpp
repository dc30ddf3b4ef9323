// Threshold: of each row (by identity) the positive multiplicity:  out = max(count, 0).
//
// Remembers the count of every row; a change of it from c to d gives max(d, 0) - max(c, 0).
#include "engine/dataflow/arranged_batch.hpp"
#include "engine/dataflow/counted_groups.hpp"
#include "engine/dataflow/operators/operators.hpp"

namespace tailrace::engine {

namespace {

class Threshold final : public Operator {
 public:
  explicit Threshold(std::vector<Type> types) : counts_(types, Equality::identity) {}

  void push(std::size_t, const Batch& rows) override {
    // Before the last input of a bulk step a count means nothing yet, but its difference to what
    // was said does.
    if (step().bulk) {
      apply(step().upper - 1, rows);
    } else {
      waiting_.push_back(rows);
    }
  }
  void flush() override {
    for (const auto& [time, rows] : split_by_time(waiting_)) apply(time, rows);
    waiting_.clear();
  }
  std::size_t memory_bytes() const override { return counts_.memory_bytes(); }
  std::size_t arranged_rows() const override { return counts_.size(); }

 private:
  void apply(Timestamp time, const Batch& rows) {
    std::vector<GroupId> ids;
    counts_.find_or_add(rows, ids);
    std::vector<std::uint32_t> changed;
    std::vector<Diff> diffs;
    for (std::uint32_t row = 0; row < rows.rows; ++row) {
      const Diff before = std::max<Diff>(counts_.count(ids[row]), 0);
      counts_.add(ids[row], rows, row, rows.diffs[row]);
      const Diff after = std::max<Diff>(counts_.count(ids[row]), 0);
      if (before == after) continue;
      changed.push_back(row);
      diffs.push_back(after - before);
    }
    for (const GroupId id : ids) counts_.remove_if_empty(id);
    if (changed.empty()) return;
    Batch out = gather(rows, changed).with_time(time);
    out.diffs = PerRow<Diff>::each(std::move(diffs));
    emit(out);
  }

  CountedGroups counts_;
  std::vector<Batch> waiting_;
};

}  // namespace

OperatorPtr make_threshold(std::vector<Type> types) {
  return std::make_unique<Threshold>(std::move(types));
}

}  // namespace tailrace::engine
