#include "engine/binder/binder.hpp"
#include "engine/plan/rewrite.hpp"

namespace tailrace::engine {

namespace {

ScalarPtr replaced(const ScalarPtr& scalar, const std::vector<Value>& values) {
  return rewrite_scalar(scalar, [&](const ScalarPtr& at) -> ScalarPtr {
    const auto* parameter = std::get_if<scalar::Parameter>(&at->node);
    if (parameter == nullptr) return at;
    const auto index = static_cast<std::size_t>(parameter->number - 1);
    ensure(index < values.size(), "every parameter has a value");
    return literal(values[index], at->type);
  });
}

// The count of LIMIT or OFFSET, if it is not NULL.
std::optional<std::int64_t> count_of(const ScalarPtr& scalar, const std::vector<Value>& values) {
  const Value value = evaluate_constant(replaced(scalar, values), {});
  if (is_null(value)) return std::nullopt;
  return std::get<std::int64_t>(value);
}

}  // namespace

PlanPtr replace_parameters(const PlanPtr& plan, const std::vector<Value>& values) {
  return rewrite_plan(plan, [&](const PlanPtr& node) {
    return rewrite_own_scalars(node,
                               [&](const ScalarPtr& scalar) { return replaced(scalar, values); });
  });
}

BoundQuery replace_parameters(BoundQuery query, const std::vector<Value>& values) {
  query.plan = replace_parameters(query.plan, values);
  if (query.limit) {
    const auto rows = count_of(query.limit, values);
    if (rows && *rows < 0)
      throw SqlError(sqlstate::invalid_parameter_value, "LIMIT must not be negative");
    query.finishing.limit.reset();
    if (rows) query.finishing.limit = static_cast<std::uint64_t>(*rows);
    query.limit = nullptr;
  }
  if (query.offset) {
    const auto rows = count_of(query.offset, values);
    if (!rows) {
      throw SqlError(sqlstate::invalid_parameter_value,
                     "Invalid OFFSET clause: Expected an expression that evaluates to a non-null "
                     "value, got null");
    }
    if (*rows < 0) {
      throw SqlError(sqlstate::invalid_parameter_value,
                     "Invalid OFFSET clause: must not be negative, got " + std::to_string(*rows));
    }
    query.finishing.offset = static_cast<std::uint64_t>(*rows);
    query.offset = nullptr;
  }
  return query;
}

}  // namespace tailrace::engine
