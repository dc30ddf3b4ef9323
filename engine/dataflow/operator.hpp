// An operator of a dataflow: turns changes of its inputs into changes of its output.
//
// A step covers the times [lower, upper). The graph calls, on one thread:
//
//   begin()                    on every operator, inputs before outputs: what became due by itself
//   is emitted push(port, rows)           any number of times, in any order of ports; times lie in
//   the step flush()                    on every operator, inputs before outputs: nothing more will
//   be pushed in this step
//
// What was emitted between begin() and the end of flush() is the exact change of the output at each
// time of the step. Within a step several times are kept apart. Errors flow beside rows and are
// passed on by every operator as they come: they are never negated or multiplied, so the errors of
// the output are empty only if those of all inputs are.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "repr/batch.hpp"
#include "repr/data_error.hpp"

namespace tailrace::engine {

class Workers;

struct Step {
  Timestamp lower = 0;
  Timestamp upper = 0;
  bool bulk = false;  // hydration: state is empty, and every update has the one time upper - 1
  Workers* workers = nullptr;  // may be null: no help
};

class Operator {
 public:
  Operator() = default;
  Operator(const Operator&) = delete;
  virtual ~Operator() = default;

  virtual void begin() {}
  virtual void push(std::size_t port, const Batch& rows) = 0;  // not empty
  virtual void push_errors(const Batch& errors) { emit_errors(errors); }
  virtual void flush() {}

  // false: in a bulk step this port needs no rows, they are known from elsewhere.
  virtual bool wants_bulk(std::size_t port) const {
    (void)port;
    return true;
  }

  // The time of the earliest update that will be emitted by begin() without any input;
  // timestamp_max: none.
  virtual Timestamp next_due() const { return timestamp_max; }
  // State kept between steps.
  virtual std::size_t memory_bytes() const { return 0; }
  virtual std::size_t arranged_rows() const { return 0; }

  void connect(Operator& to, std::size_t port) { outputs_.emplace_back(&to, port); }
  bool output_wants_bulk() const {
    for (const auto& [to, port] : outputs_) {
      if (to->wants_bulk(port)) return true;
    }
    return false;
  }
  void set_step(const Step* step) { step_ = step; }

 protected:
  const Step& step() const { return *step_; }
  void emit(const Batch& rows) {
    if (rows.empty()) return;
    for (const auto& [to, port] : outputs_) to->push(port, rows);
  }
  void emit_errors(const Batch& errors) {
    if (errors.empty()) return;
    for (const auto& [to, port] : outputs_) to->push_errors(errors);
  }

 private:
  std::vector<std::pair<Operator*, std::size_t>> outputs_;
  const Step* step_ = nullptr;
};

// Collects errors of rows and gives them as one batch.
class ErrorCollector {
 public:
  void add(const DataError& error, Timestamp time, Diff diff) {
    if (!builder_) builder_.emplace(error_schema().types());
    append_error(*builder_, error, time, diff);
  }
  bool empty() const { return !builder_; }
  Batch take() {
    if (!builder_) return Batch();
    Batch errors = builder_->finish();
    builder_.reset();
    return errors;
  }

 private:
  std::optional<BatchBuilder> builder_;
};

// The updates of some batches apart by time, times ascending.
std::vector<std::pair<Timestamp, Batch>> split_by_time(std::span<const Batch> batches);

}  // namespace tailrace::engine
