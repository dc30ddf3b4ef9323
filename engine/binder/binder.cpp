#include "engine/binder/binder.hpp"

#include <algorithm>

#include "engine/binder/binding.hpp"
#include "engine/binder/coerce.hpp"
#include "engine/binder/decorrelate.hpp"
#include "engine/binder/lower_scalar.hpp"

namespace tailrace::engine {

using bound::ExpressionPtr;

namespace {

void check_parameters(const BindContext& context) {
  if (context.parameters == nullptr) return;
  for (std::size_t i = 0; i < context.parameters->size(); ++i) {
    if ((*context.parameters)[i]) continue;
    throw SqlError(sqlstate::indeterminate_datatype,
                   "could not determine data type of parameter $" + std::to_string(i + 1));
  }
}

Schema schema_of(const BoundQueryTree& tree) {
  Schema schema;
  for (std::size_t i = 0; i < tree.names.size(); ++i) {
    const auto index = static_cast<std::size_t>(tree.visible[i]);
    schema.columns.push_back(
        {tree.names[i], tree.relation->types[index], tree.relation->nullable[index]});
  }
  return schema;
}

SqlError bad_count(std::string_view clause, const std::string& problem, std::uint32_t position) {
  return SqlError(sqlstate::invalid_parameter_value,
                  "Invalid " + std::string(clause) + " clause: " + problem)
      .position(position);
}

bool uses_parameter(const ExpressionPtr& expression) {
  if (std::holds_alternative<bound::Parameter>(expression->node)) return true;
  for (const ExpressionPtr& operand : expression->operands) {
    if (uses_parameter(operand)) return true;
  }
  return false;
}

// A count of rows that was evaluated, NULL being none.
std::optional<std::uint64_t> limit_of(const Value& value) {
  if (is_null(value)) return std::nullopt;
  const std::int64_t rows = std::get<std::int64_t>(value);
  if (rows < 0) throw SqlError(sqlstate::invalid_parameter_value, "LIMIT must not be negative");
  return static_cast<std::uint64_t>(rows);
}

std::uint64_t offset_of(const Value& value) {
  if (is_null(value)) {
    throw bad_count("OFFSET", "Expected an expression that evaluates to a non-null value, got null",
                    0);
  }
  const std::int64_t rows = std::get<std::int64_t>(value);
  if (rows < 0) throw bad_count("OFFSET", "must not be negative, got " + std::to_string(rows), 0);
  return static_cast<std::uint64_t>(rows);
}

void finish_counts(Binding& binding, const BoundQueryTree& tree, BoundQuery& query) {
  if (tree.limit) {
    if (const auto value = try_constant(binding, tree.limit)) {
      query.finishing.limit = limit_of(*value);
    } else if (uses_parameter(tree.limit) && !tree.limit->has_subquery) {
      query.limit = to_scalar(tree.limit);
    } else {
      throw bad_count("LIMIT", "Expected a constant expression", tree.limit->position);
    }
  }
  if (tree.offset) {
    if (const auto value = try_constant(binding, tree.offset)) {
      query.finishing.offset = offset_of(*value);
    } else if (uses_parameter(tree.offset)) {
      query.offset = to_scalar(tree.offset);
    } else {
      throw bad_count("OFFSET", "Expected a constant expression", tree.offset->position);
    }
  }
}

}  // namespace

BoundQuery bind_query(const ast::Query& query, BindContext& context) {
  Binding binding{.context = context};
  const BoundQueryTree tree = bind_query_tree(binding, query, nullptr);
  check_parameters(context);
  BoundQuery result;
  result.schema = schema_of(tree);
  // The plan gives what is shown or ordered by, and nothing else.
  std::vector<int> columns;
  const auto place_of = [&](int column) {
    const auto known = std::find(columns.begin(), columns.end(), column);
    const auto place = static_cast<int>(known - columns.begin());
    if (known == columns.end()) columns.push_back(column);
    return place;
  };
  for (const int column : tree.visible) result.finishing.projection.push_back(place_of(column));
  for (OrderKey key : tree.order_by) {
    key.column = place_of(key.column);
    result.finishing.order_by.push_back(key);
  }
  finish_counts(binding, tree, result);
  result.plan = decorrelate(bound::project(tree.relation, columns), binding.next_local);
  return result;
}

BoundRelation bind_relation(const ast::Query& query, BindContext& context) {
  Binding binding{.context = context};
  const BoundQueryTree tree = bind_subselect(binding, query, nullptr);
  check_parameters(context);
  return {decorrelate(tree.relation, binding.next_local), schema_of(tree)};
}

BoundRelation bind_item(const catalog::Item& item, BindContext& context) {
  Binding binding{.context = context};
  const bound::RelationPtr relation = bind_item_relation(binding, item);
  return {decorrelate(relation, binding.next_local), *item.relation_schema()};
}

ScalarPtr bind_scalar(const ast::Expression& expression, const Schema* columns,
                      BindContext& context, std::optional<Type> wanted, CastContext cast) {
  Binding binding{.context = context};
  Scope scope;
  if (columns != nullptr) {
    scope.tables.emplace_back();
    for (std::size_t i = 0; i < columns->size(); ++i) {
      const ColumnSchema& column = columns->columns[i];
      scope.columns.push_back({.name = column.name,
                               .table = 0,
                               .index = static_cast<int>(i),
                               .type = column.type,
                               .nullable = column.nullable});
    }
  }
  const Place place{.clause = Clause::expression, .scope = &scope, .subqueries = false};
  ExpressionPtr bound = bind_expression(binding, expression, place);
  bound = wanted ? coerce(binding, bound, *wanted, cast) : coerce_unknown(binding, bound);
  return to_scalar(bound);
}

Value bind_constant(const ast::Expression& expression, BindContext& context, const Type& wanted,
                    CastContext cast) {
  const ScalarPtr scalar = bind_scalar(expression, nullptr, context, wanted, cast);
  return evaluate_constant(scalar, {.session = context.session});
}

ScalarPtr cast_scalar(ScalarPtr scalar, const Type& to, CastContext cast) {
  if (scalar->type == to) return scalar;
  const Function* function = find_cast(scalar->type, to, cast);
  if (function == nullptr) {
    if (scalar->type.same_base(to)) return scalar;
    throw SqlError(sqlstate::cannot_coerce, "CAST does not support casting from " +
                                                scalar->type.name() + " to " + to.name());
  }
  const bool nullable = scalar->nullable;
  return call(*function, {std::move(scalar)}, to, nullable);
}

}  // namespace tailrace::engine
