// EqualColumns: keeps the rows in which the two expressions of each pair are equal and not NULL;
// linear.
#include "engine/dataflow/computed_columns.hpp"
#include "engine/dataflow/operators/operators.hpp"
#include "repr/order.hpp"

namespace tailrace::engine {

namespace {

class EqualColumns final : public Operator {
 public:
  explicit EqualColumns(const std::vector<EqualPair>& pairs) : pairs_(pairs) {}

  void push(std::size_t, const Batch& rows) override {
    std::vector<ScalarPtr> scalars;
    for (const auto& [a, b] : pairs_) scalars.insert(scalars.end(), {a, b});
    const ComputedColumns computed(scalars, rows.columns.size());
    ErrorCollector errors;
    Batch extended = computed.extend(rows, errors);
    emit_errors(errors.take());
    std::vector<std::uint32_t> kept;
    for (std::uint32_t row = 0; row < extended.rows; ++row) {
      bool equal = true;
      for (std::size_t pair = 0; pair < pairs_.size() && equal; ++pair) {
        const Column& a =
            *extended.columns[static_cast<std::size_t>(computed.positions()[2 * pair])];
        const Column& b =
            *extended.columns[static_cast<std::size_t>(computed.positions()[2 * pair + 1])];
        equal = !a.is_null(row) && !b.is_null(row) && equal_values(a, row, b, row, Equality::sql);
      }
      if (equal) kept.push_back(row);
    }
    extended.columns.resize(rows.columns.size());
    emit(kept.size() == extended.rows ? extended : gather(extended, kept));
  }

 private:
  std::vector<EqualPair> pairs_;
};

}  // namespace

OperatorPtr make_equal_columns(const std::vector<EqualPair>& pairs) {
  return std::make_unique<EqualColumns>(pairs);
}

}  // namespace tailrace::engine
