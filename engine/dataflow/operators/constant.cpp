// Constant: all its rows come with the first step, and nothing after it.
#include "engine/dataflow/operators/operators.hpp"

namespace tailrace::engine {

namespace {

class ConstantRows final : public Operator {
 public:
  explicit ConstantRows(const plan::Constant& node) : rows_(node.rows), error_(node.error) {}

  void begin() override {
    if (given_) return;
    given_ = true;
    const Timestamp time = step().upper - 1;
    if (error_) {
      ErrorCollector errors;
      errors.add(*error_, time, 1);
      emit_errors(errors.take());
    } else if (rows_) {
      emit(rows_->with_time(time));
    }
  }
  void push(std::size_t, const Batch&) override { ensure(false, "a constant has no input"); }

 private:
  BatchPtr rows_;
  std::optional<DataError> error_;
  bool given_ = false;
};

}  // namespace

OperatorPtr make_constant(const plan::Constant& node) {
  return std::make_unique<ConstantRows>(node);
}

}  // namespace tailrace::engine
