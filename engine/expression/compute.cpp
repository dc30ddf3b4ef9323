#include "engine/expression/compute.hpp"

#include <absl/container/inlined_vector.h>
#include <fmt/format.h>

#include "engine/expression/row_errors.hpp"
#include "engine/functions/kernel.hpp"

namespace tailrace::engine {

namespace {

Computed constant_of(const Type& type, const Value& value) {
  return {Column::repeat(type, value, 1), true, {}};
}

Computed constant_error_of(const Type& type, DataError error) {
  Computed computed = constant_of(type, Null{});
  computed.errors.emplace_back(0, std::move(error));
  return computed;
}

Computed compute_column(int index, const EvaluationInput& input) {
  const auto at = static_cast<std::size_t>(index);
  ensure(at < input.columns.size() && input.columns[at] != nullptr,
         "a scalar refers to a column that is not there");
  return {input.columns[at], false, at < input.errors.size() ? input.errors[at] : RowErrors()};
}

Computed compute_call(const scalar::Call& call, const Type& type, const EvaluationInput& input,
                      const EvaluationContext& context) {
  const Function& function = *call.function;
  ensure(function.kernel != nullptr, "a function that is called has a kernel");
  absl::InlinedVector<Computed, 4> arguments;
  absl::InlinedVector<Operand, 4> operands;
  bool all_constant = function.volatility != Volatility::volatile_;
  bool null_constant = false;
  RowErrors errors;
  for (const ScalarPtr& argument : call.arguments) {
    Computed& computed = arguments.emplace_back(compute_scalar(*argument, input, context));
    if (computed.constant) {
      if (!computed.errors.empty())
        return constant_error_of(type, std::move(computed.errors.front().second));
      null_constant = null_constant || computed.column->is_null(0);
    } else {
      all_constant = false;
      if (errors.empty()) {
        errors = std::move(computed.errors);
      } else {
        add_errors(errors, std::move(computed.errors));
      }
    }
    operands.push_back({computed.column.get(), computed.constant});
  }
  const bool strict = function.nulls == Nulls::strict;
  if (strict && null_constant) {
    if (errors.empty()) return constant_of(type, Null{});
    return {Column::repeat(type, Null{}, input.rows), false, std::move(errors)};
  }
  KernelCall kernel({operands.data(), operands.size()}, all_constant ? 1 : input.rows, type, strict,
                    context);
  function.kernel(kernel);
  Computed result{kernel.take_result(), all_constant, {}};
  ensure(result.column != nullptr, "a kernel gives a result");
  if (!errors.empty() && !strict) result.column = null_at_errors(result.column, errors);
  add_errors(errors, kernel.take_errors());
  result.errors = std::move(errors);
  return result;
}

}  // namespace

Computed compute_scalar(const Scalar& scalar, const EvaluationInput& input,
                        const EvaluationContext& context) {
  if (const auto* node = std::get_if<scalar::Column>(&scalar.node))
    return compute_column(node->index, input);
  if (const auto* node = std::get_if<scalar::Literal>(&scalar.node))
    return constant_of(scalar.type, node->value);
  if (const auto* node = std::get_if<scalar::Call>(&scalar.node)) {
    return compute_call(*node, scalar.type, input, context);
  }
  if (const auto* node = std::get_if<scalar::And>(&scalar.node)) {
    return compute_logic(node->operands, false, input, context);
  }
  if (const auto* node = std::get_if<scalar::Or>(&scalar.node)) {
    return compute_logic(node->operands, true, input, context);
  }
  if (const auto* node = std::get_if<scalar::Case>(&scalar.node)) {
    return compute_case(*node, scalar.type, input, context);
  }
  if (const auto* node = std::get_if<scalar::Coalesce>(&scalar.node)) {
    return compute_coalesce(*node, scalar.type, input, context);
  }
  if (const auto* node = std::get_if<scalar::Error>(&scalar.node))
    return constant_error_of(scalar.type, node->error);
  if (std::holds_alternative<scalar::MzNow>(scalar.node)) {
    if (context.mz_now)
      return constant_of(scalar.type, static_cast<std::uint64_t>(*context.mz_now));
    return constant_error_of(scalar.type, {.state = sqlstate::feature_not_supported,
                                           .message = "cannot call mz_now in this context"});
  }
  const auto& parameter = std::get<scalar::Parameter>(scalar.node);
  return constant_error_of(scalar.type,
                           {.state = sqlstate::undefined_parameter,
                            .message = fmt::format("there is no parameter ${}", parameter.number)});
}

Computed expand(Computed computed, std::size_t rows) {
  if (!computed.constant) return computed;
  computed.constant = false;
  if (rows != 1) {
    computed.column = Column::repeat(computed.column->type(), computed.column->value(0), rows);
    if (!computed.errors.empty()) {
      const DataError error = std::move(computed.errors.front().second);
      computed.errors.clear();
      for (std::size_t row = 0; row < rows; ++row)
        computed.errors.emplace_back(static_cast<std::uint32_t>(row), error);
    }
  }
  return computed;
}

EvaluationInput select_input(const EvaluationInput& input, const ScalarPtr& scalar,
                             std::span<const std::uint32_t> selected) {
  std::vector<bool> used;
  collect_columns(scalar, used);
  EvaluationInput result;
  result.rows = selected.size();
  result.columns.resize(input.columns.size());
  if (!input.errors.empty()) result.errors.resize(input.columns.size());
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (!used[i]) continue;
    result.columns[i] = gather(input.columns.at(i), selected);
    if (i < input.errors.size()) result.errors[i] = select_errors(input.errors[i], selected);
  }
  return result;
}

Evaluated evaluate(const ScalarPtr& scalar, const Batch& input, const EvaluationContext& context) {
  if (input.rows == 0) return {ColumnBuilder(scalar->type).finish(), {}};
  if (context.cancel != nullptr) context.cancel->check();
  Computed computed =
      expand(compute_scalar(*scalar, {input.columns, {}, input.rows}, context), input.rows);
  return {std::move(computed.column), std::move(computed.errors)};
}

Value evaluate_constant(const ScalarPtr& scalar, const EvaluationContext& context) {
  if (const auto* node = std::get_if<scalar::Literal>(&scalar->node)) return node->value;
  Computed computed = compute_scalar(*scalar, {{}, {}, 1}, context);
  if (!computed.errors.empty()) throw computed.errors.front().second.to_sql_error();
  return computed.column->value(0);
}

}  // namespace tailrace::engine
