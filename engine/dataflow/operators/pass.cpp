// Pass:  out = in1 + in2 + ...      Negate:  out = -in
//
// Linear: they remember nothing.
#include "engine/dataflow/operators/operators.hpp"

namespace tailrace::engine {

namespace {

class Pass final : public Operator {
 public:
  void push(std::size_t, const Batch& rows) override { emit(rows); }
};

class Negate final : public Operator {
 public:
  void push(std::size_t, const Batch& rows) override { emit(rows.negated()); }
};

}  // namespace

OperatorPtr make_pass() {
  return std::make_unique<Pass>();
}
OperatorPtr make_negate() {
  return std::make_unique<Negate>();
}

DataError negative_multiplicity(std::string where) {
  return {.state = sqlstate::data_corrupted,
          .message = "a row was retracted more often than it was inserted",
          .detail = "Found in " + std::move(where) + "."};
}

}  // namespace tailrace::engine
