// Functions in FROM and in select lists: generate_series(..), ROWS FROM (..), WITH ORDINALITY.
#include "engine/binder/binding.hpp"
#include "engine/binder/coerce.hpp"

namespace tailrace::engine {

using bound::ExpressionPtr;
using bound::Expressions;

namespace {

struct FunctionRows {
  bound::RelationPtr relation;
  std::vector<std::string> names;
};

// The rows of one call; arguments see `scope`, which the relation sees as level 1.
FunctionRows rows_of(Binding& binding, const ast::FunctionCall& call, const Scope& scope,
                     bool ordinality, std::uint32_t position) {
  if (call.filter || call.over || call.distinct || !call.order_by.empty()) {
    throw SqlError(sqlstate::feature_not_supported,
                   "FILTER, DISTINCT, ORDER BY and OVER are not supported in functions in FROM")
        .position(position);
  }
  const Place place{.clause = Clause::table_function, .scope = &scope};
  FunctionRows rows;
  if (auto chosen = choose_table_function(binding, call, place, position)) {
    std::vector<Type> types;
    bound::CallTable node{.function = chosen->function, .ordinality = ordinality};
    for (const ExpressionPtr& argument : chosen->arguments) {
      types.push_back(argument->type);
      node.arguments.push_back(bound::shift_levels(argument, 1));
    }
    for (const ColumnSchema& column : chosen->function->columns(types))
      rows.names.push_back(column.name);
    rows.relation = bound::call_table(std::move(node));
  } else {
    ExpressionPtr value =
        coerce_unknown(binding, bind_function_call(binding, call, place, position));
    Expressions columns = {bound::shift_levels(value, 1)};
    rows.names.push_back(call.name.last());
    if (ordinality) columns.push_back(bound::literal(std::int64_t{1}, TypeId::int8));
    rows.relation = bound::map(bound::unit(), std::move(columns));
  }
  if (ordinality) rows.names.push_back("ordinality");
  return rows;
}

const Scope& nothing() {
  static const Scope scope;
  return scope;
}

}  // namespace

FromResult bind_table_function(Binding& binding, const ast::TableFunction& node, const Scope* outer,
                               std::uint32_t position) {
  FunctionRows rows = rows_of(binding, node.call, outer != nullptr ? *outer : nothing(),
                              node.with_ordinality, position);
  FromResult result;
  result.relation = rows.relation;
  const std::size_t own = rows.names.size() - (node.with_ordinality ? 1 : 0);
  const bool is_value = own == 1;
  if (is_value && !node.alias) rows.names[0] = node.call.name.last();
  result.scope =
      scope_of({.name = node.call.name.last(), .is_value = is_value}, rows.names, *rows.relation);
  result.scope.outer = outer;
  apply_alias(result, node.alias, position);
  return result;
}

bound::RelationPtr zip(Binding& binding, std::vector<bound::RelationPtr> relations) {
  bound::RelationPtr result = relations[0];
  for (std::size_t i = 1; i < relations.size(); ++i) {
    const int left = result->width();
    const int right = relations[i]->width();
    const ExpressionPtr a = bound::column(0, left - 1, TypeId::int8, true);
    const ExpressionPtr b = bound::column(0, left + right - 1, TypeId::int8, true);
    result = bound::join(
        result, relations[i],
        {.kind = bound::JoinKind::full, .on = {bind_comparison(binding, "=", a, b, 0)}});
    result = bound::map(result, {bound::coalesce({a, b}, TypeId::int8)});
    std::vector<int> columns;
    for (int column = 0; column <= left + right; ++column) {
      if (column != left - 1 && column != left + right - 1) columns.push_back(column);
    }
    result = bound::project(result, std::move(columns));
  }
  return result;
}

FromResult bind_rows_from(Binding& binding, const ast::RowsFrom& node, const Scope* outer,
                          std::uint32_t position) {
  std::vector<bound::RelationPtr> relations;
  std::vector<std::string> names;
  for (const ast::FunctionCall& call : node.calls) {
    FunctionRows rows =
        rows_of(binding, call, outer != nullptr ? *outer : nothing(), true, call.name.position);
    rows.names.pop_back();
    if (rows.names.size() == 1) rows.names[0] = call.name.last();
    names.insert(names.end(), rows.names.begin(), rows.names.end());
    relations.push_back(std::move(rows.relation));
  }
  FromResult result;
  result.relation = zip(binding, std::move(relations));
  if (node.with_ordinality) {
    names.push_back("ordinality");
  } else {
    std::vector<int> columns;
    for (std::size_t i = 0; i < names.size(); ++i) columns.push_back(static_cast<int>(i));
    result.relation = bound::project(result.relation, std::move(columns));
  }
  const std::string name = node.calls.size() == 1 ? node.calls[0].name.last() : "";
  result.scope = scope_of({.name = name, .is_value = names.size() == 1}, names, *result.relation);
  result.scope.outer = outer;
  apply_alias(result, node.alias, position);
  return result;
}

bound::RelationPtr join_projected(Binding& binding, bound::RelationPtr relation,
                                  const ProjectedFunctions& projected) {
  if (projected.calls.empty()) return relation;
  const bool several = projected.calls.size() > 1;
  std::vector<bound::RelationPtr> rows;
  for (const ProjectedFunctions::Call& call : projected.calls) {
    bound::CallTable node{.function = call.function, .ordinality = several};
    for (const ExpressionPtr& argument : call.arguments)
      node.arguments.push_back(bound::shift_levels(argument, 1));
    rows.push_back(bound::call_table(std::move(node)));
  }
  bound::RelationPtr right = zip(binding, std::move(rows));
  if (several) {
    std::vector<int> columns(static_cast<std::size_t>(right->width() - 1));
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i] = static_cast<int>(i);
    right = bound::project(right, std::move(columns));
  }
  return bound::join(std::move(relation), std::move(right), {.lateral = true});
}

}  // namespace tailrace::engine
