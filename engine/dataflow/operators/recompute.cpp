// Recompute: for plans that cannot be maintained piece by piece (WITH MUTUALLY RECURSIVE):
//
//   out(t) = plan(inputs at t) - plan(inputs before t)      at each time t at which an input
//   changes
//
// Remembers the inputs' contents and the last result. A change costs a run of the plan.
#include <map>

#include "engine/dataflow/arranged_batch.hpp"
#include "engine/dataflow/operators/operators.hpp"
#include "engine/dataflow/ordered_rows.hpp"
#include "engine/operators/run_once.hpp"

namespace tailrace::engine {

namespace {

class Recompute final : public Operator {
 public:
  Recompute(PlanPtr plan, std::vector<storage::CollectionId> inputs,
            std::vector<std::vector<Type>> types)
      : plan_(std::move(plan)), inputs_(std::move(inputs)), waiting_(inputs_.size()) {
    for (const auto& columns : types) {
      contents_.emplace_back(
          all_columns(columns.size()),
          [](const Batch&, std::size_t, const Batch&, std::size_t) { return 0; });
    }
  }

  void push(std::size_t port, const Batch& rows) override {
    if (step().bulk) {
      contents_[port].update_later(rows);
    } else {
      waiting_[port].push_back(rows);
    }
  }

  void flush() override {
    if (step().bulk) {
      for (OrderedRows& contents : contents_) contents.settle();
      recompute(step().upper - 1);
      return;
    }
    std::map<Timestamp, std::vector<std::pair<std::size_t, Batch>>> by_time;
    for (std::size_t port = 0; port < waiting_.size(); ++port) {
      for (auto& [time, rows] : split_by_time(waiting_[port]))
        by_time[time].emplace_back(port, std::move(rows));
      waiting_[port].clear();
    }
    for (const auto& [time, changes] : by_time) {
      for (const auto& [port, rows] : changes) contents_[port].update(rows);
      recompute(time);
    }
  }
  std::size_t memory_bytes() const override {
    std::size_t bytes = result_.memory_bytes();
    for (const OrderedRows& contents : contents_) bytes += contents.memory_bytes();
    return bytes;
  }
  std::size_t arranged_rows() const override {
    std::size_t rows = result_.rows;
    for (const OrderedRows& contents : contents_) rows += contents.size();
    return rows;
  }

 private:
  class Inputs final : public OnceInputs {
   public:
    explicit Inputs(const Recompute& of) : of_(of) {}
    storage::Snapshot snapshot(storage::CollectionId collection) override {
      storage::Snapshot result;
      for (std::size_t port = 0; port < of_.inputs_.size(); ++port) {
        if (of_.inputs_[port] != collection) continue;
        of_.contents_[port].for_each_leaf([&](const Batch& leaf) {
          result.rows.chunks.push_back(storage::chunk_of(std::make_shared<const Batch>(leaf)));
        });
      }
      return result;
    }

   private:
    const Recompute& of_;
  };

  void recompute(Timestamp time) {
    Batch result;
    std::optional<DataError> error;
    try {
      Inputs inputs(*this);
      std::vector<Batch> batches;
      run_once(plan_, {.inputs = inputs, .time = time}, [&](Batch batch) {
        if (!batch.empty()) batches.push_back(batch.with_time(0));
      });
      if (!batches.empty()) result = consolidate(concatenate(batches));
    } catch (const SqlError& failure) {
      error = DataError::from(failure);
    }
    std::vector<Batch> changes;
    if (!result_.empty()) changes.push_back(result_.negated());
    if (!result.empty()) changes.push_back(result);
    if (!changes.empty()) emit(consolidate(concatenate(changes)).with_time(time));
    ErrorCollector errors;
    if (error_) errors.add(*error_, time, -1);
    if (error) errors.add(*error, time, 1);
    if (!errors.empty()) emit_errors(consolidate(errors.take()));
    result_ = std::move(result);
    error_ = std::move(error);
  }

  PlanPtr plan_;
  std::vector<storage::CollectionId> inputs_;
  std::vector<OrderedRows> contents_;
  std::vector<std::vector<Batch>> waiting_;
  Batch result_;
  std::optional<DataError> error_;
};

}  // namespace

OperatorPtr make_recompute(PlanPtr plan, std::vector<storage::CollectionId> inputs,
                           std::vector<std::vector<Type>> types) {
  return std::make_unique<Recompute>(std::move(plan), std::move(inputs), std::move(types));
}

}  // namespace tailrace::engine
