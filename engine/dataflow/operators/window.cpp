// Window: the rows of each partition with what the functions say about them. A change recomputes
// its partition:
//
//   out = window(partition after) - window(partition before)
//
// The partition's rows are remembered; the functions themselves are those of the other way of
// running, so both agree.
#include "engine/dataflow/group_window.hpp"
#include "engine/dataflow/operators/operators.hpp"
#include "engine/dataflow/ordered_rows.hpp"
#include "engine/operators/run.hpp"
#include "engine/operators/run_once.hpp"

namespace tailrace::engine {

namespace {

class NoInputs final : public OnceInputs {
 public:
  storage::Snapshot snapshot(storage::CollectionId) override {
    ensure(false, "a window over a constant reads no collection");
    return {};
  }
};

class Window final : public Operator {
 public:
  explicit Window(const plan::Window& node)
      : node_(node), types_(node.input->types), rows_(node.partition_by, by_keys(node.order_by)) {
    node_.input = nullptr;
  }

  void push(std::size_t, const Batch& rows) override {
    if (step().bulk) {
      rows_.update_later(rows);
    } else {
      waiting_.push_back(rows);
    }
  }

  void flush() override {
    const Timestamp time = step().upper - 1;
    if (step().bulk) {
      rows_.settle();
      BatchBuilder all(types_);
      rows_.for_each_leaf([&](const Batch& leaf) {
        for (std::size_t row = 0; row < leaf.rows; ++row) all.append_from(leaf, row);
      });
      const Batch rows = all.finish();
      if (!rows.empty()) give(of_partitions(distinct_groups(rows, node_.partition_by)), time, 1);
      return;
    }
    for (const auto& [at, rows] : split_by_time(waiting_)) {
      const Batch partitions = distinct_groups(rows, node_.partition_by);
      Outcome before = of_partitions(partitions);
      rows_.update(rows);
      Outcome after = of_partitions(partitions);
      std::vector<Batch> changes;
      for (const Batch& batch : before.rows) changes.push_back(batch.with_time(at).negated());
      for (const Batch& batch : after.rows) changes.push_back(batch.with_time(at));
      if (!changes.empty()) emit(consolidate(concatenate(changes)));
      before.rows.clear();
      after.rows.clear();
      give(before, at, -1);
      give(after, at, 1);
    }
    waiting_.clear();
  }
  std::size_t memory_bytes() const override { return rows_.memory_bytes(); }
  std::size_t arranged_rows() const override { return rows_.size(); }

 private:
  struct Outcome {
    std::vector<Batch> rows;
    std::vector<DataError> errors;  // of partitions without rows because of it
  };

  void give(const Outcome& outcome, Timestamp time, Diff diff) {
    for (const Batch& batch : outcome.rows)
      emit((diff < 0 ? batch.negated() : batch).with_time(time));
    ErrorCollector errors;
    for (const DataError& error : outcome.errors) errors.add(error, time, diff);
    emit_errors(errors.take());
  }

  // The output for each of these partitions. All at once where none fails; else one by one, so that
  // what a partition gives never depends on the others it was asked with.
  Outcome of_partitions(const Batch& partitions) const {
    Outcome outcome;
    try {
      outcome.rows = compute(contents(partitions));
    } catch (const SqlError&) {
      outcome.rows.clear();
      for (std::size_t i = 0; i < partitions.rows; ++i) {
        try {
          for (Batch& batch : compute(contents(slice(partitions, i, 1))))
            outcome.rows.push_back(std::move(batch));
        } catch (const SqlError& error) {
          outcome.errors.push_back(DataError::from(error));
        }
      }
    }
    return outcome;
  }

  Batch contents(const Batch& partitions) const {
    RunCollector kept;
    for (std::size_t i = 0; i < partitions.rows; ++i) {
      rows_.scan(partitions, i, node_.partition_by,
                 [&](const Batch& batch, std::size_t row, Diff count) {
                   if (count < 0) throw retraction_error(count).to_sql_error();
                   kept.add(batch, row, count);
                   return true;
                 });
    }
    const std::vector<Batch> batches = kept.take();
    return batches.empty() ? empty_batch(types_) : concatenate(batches);
  }

  std::vector<Batch> compute(Batch rows) const {
    std::vector<Batch> results;
    if (rows.empty()) return results;
    plan::Window over = node_;
    over.input = constant(std::move(rows), types_);
    NoInputs inputs;
    run_once(window(std::move(over)), {.inputs = inputs},
             [&](Batch batch) { results.push_back(std::move(batch)); });
    return results;
  }

  plan::Window node_;
  std::vector<Type> types_;
  OrderedRows rows_;
  std::vector<Batch> waiting_;
};

}  // namespace

OperatorPtr make_window(const plan::Window& node) {
  return std::make_unique<Window>(node);
}

}  // namespace tailrace::engine
