// FlatMap: for each row the rows of a table function; linear, so it remembers nothing. An argument
// or function that fails gives an error in the row's place, retracted with it.
#include "engine/dataflow/computed_columns.hpp"
#include "engine/dataflow/operators/operators.hpp"
#include "engine/functions/table_function.hpp"

namespace tailrace::engine {

namespace {

constexpr std::size_t rows_of_one_max = std::size_t(1)
                                        << 24;  // of one call; a larger one is a mistake
constexpr std::size_t emit_rows = 32768;

class FlatMap final : public Operator {
 public:
  FlatMap(const plan::FlatMap& node, std::vector<Type> input_types)
      : function_(*node.function),
        ordinality_(node.ordinality),
        width_(input_types.size()),
        arguments_(node.arguments, input_types.size()) {
    std::vector<Type> argument_types;
    for (const ScalarPtr& argument : node.arguments) argument_types.push_back(argument->type);
    for (const ColumnSchema& column : function_.columns(argument_types))
      result_types_.push_back(column.type);
  }

  void push(std::size_t, const Batch& rows) override {
    ErrorCollector errors;
    const Batch extended = arguments_.extend(rows, errors);
    std::vector<ColumnPtr> arguments;
    for (const int position : arguments_.positions()) {
      arguments.push_back(extended.columns[static_cast<std::size_t>(position)]);
    }
    std::vector<ColumnBuilder> results(result_types_.begin(), result_types_.end());
    ColumnBuilder ordinals{Type(TypeId::int8)};
    std::vector<std::uint32_t> origins;
    const auto give = [&] {
      if (origins.empty()) return;
      Batch input = extended;
      input.columns.resize(width_);
      Batch out = gather(input, origins);
      for (ColumnBuilder& result : results) out.columns.push_back(result.finish());
      if (ordinality_) out.columns.push_back(ordinals.finish());
      origins.clear();
      emit(out);
    };
    for (std::uint32_t row = 0; row < extended.rows; ++row) {
      if (function_.nulls == Nulls::strict && any_null(arguments, row)) continue;
      // A call that fails halfway must leave nothing behind, so it gets builders of its own.
      std::vector<ColumnBuilder> made(result_types_.begin(), result_types_.end());
      std::size_t count = 0;
      try {
        count = function_.rows(arguments, row, made, rows_of_one_max);
      } catch (const SqlError& error) {
        errors.add(DataError::from(error), extended.times[row], extended.diffs[row]);
        continue;
      }
      for (std::size_t c = 0; c < made.size(); ++c) {
        const ColumnPtr column = made[c].finish();
        results[c].append_range(*column, 0, count);
      }
      for (std::size_t i = 1; i <= count && ordinality_; ++i)
        ordinals.append(static_cast<std::int64_t>(i));
      origins.insert(origins.end(), count, row);
      if (origins.size() >= emit_rows) give();
    }
    give();
    emit_errors(errors.take());
  }

 private:
  static bool any_null(const std::vector<ColumnPtr>& arguments, std::size_t row) {
    for (const ColumnPtr& argument : arguments) {
      if (argument->is_null(row)) return true;
    }
    return false;
  }

  const TableFunction& function_;
  bool ordinality_;
  std::size_t width_;
  ComputedColumns arguments_;
  std::vector<Type> result_types_;
};

}  // namespace

OperatorPtr make_flat_map(const plan::FlatMap& node, std::vector<Type> input_types) {
  return std::make_unique<FlatMap>(node, std::move(input_types));
}

}  // namespace tailrace::engine
