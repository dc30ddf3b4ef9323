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

}  // namespace tailrace::engine
