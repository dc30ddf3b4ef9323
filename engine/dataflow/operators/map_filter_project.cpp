// MapFilterProject: linear, row by row, so it remembers nothing:  mfp(a + b) = mfp(a) + mfp(b).
//
// With valid_from / valid_until (predicates on mz_now()) each update stands for an insertion at one
// time and a retraction at another; those that lie in the future wait in a calendar until a step
// reaches them.
#include "engine/dataflow/calendar.hpp"
#include "engine/dataflow/operators/operators.hpp"
#include "engine/expression/evaluate.hpp"

namespace tailrace::engine {

namespace {

class MapFilterProject final : public Operator {
 public:
  explicit MapFilterProject(plan::MapFilterProject node) : node_(std::move(node)) {
    only_projects_ = node_.maps.empty() && node_.predicates.empty();
  }

  void push(std::size_t, const Batch& rows) override {
    if (only_projects_) return emit(rows.project(node_.projection));
    const MapFilterProjectResult result = apply(node_, rows, {});
    emit(result.rows);
    emit_errors(result.errors);
  }

 private:
  plan::MapFilterProject node_;
  bool only_projects_ = false;
};

class TemporalFilter final : public Operator {
 public:
  explicit TemporalFilter(plan::MapFilterProject node) : node_(std::move(node)) {}

  void begin() override {
    for (const Batch& due : rows_.take_before(step().upper)) emit(due);
    for (const Batch& due : errors_.take_before(step().upper)) emit_errors(due);
  }
  void push(std::size_t, const Batch& rows) override {
    const MapFilterProjectResult result = apply_temporal(node_, rows, {});
    emit(rows_.keep_from(step().upper, result.rows));
    emit_errors(errors_.keep_from(step().upper, result.errors));
  }
  Timestamp next_due() const override { return std::min(rows_.next(), errors_.next()); }
  std::size_t memory_bytes() const override {
    return rows_.memory_bytes() + errors_.memory_bytes();
  }
  std::size_t arranged_rows() const override { return rows_.size() + errors_.size(); }

 private:
  plan::MapFilterProject node_;
  Calendar rows_, errors_;
};

}  // namespace

OperatorPtr make_map_filter_project(plan::MapFilterProject node) {
  if (node.valid_from.empty() && node.valid_until.empty()) {
    return std::make_unique<MapFilterProject>(std::move(node));
  }
  return std::make_unique<TemporalFilter>(std::move(node));
}

}  // namespace tailrace::engine
