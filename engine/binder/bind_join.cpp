// JOIN .. ON, USING and NATURAL.
#include <algorithm>

#include "engine/binder/binding.hpp"
#include "engine/binder/coerce.hpp"
#include "engine/binder/type_rules.hpp"

namespace tailrace::engine {

using bound::ExpressionPtr;
using bound::Expressions;

namespace {

bound::JoinKind kind_of(ast::JoinKind kind) {
  switch (kind) {
    case ast::JoinKind::left:
      return bound::JoinKind::left;
    case ast::JoinKind::right:
      return bound::JoinKind::right;
    case ast::JoinKind::full:
      return bound::JoinKind::full;
    default:
      return bound::JoinKind::inner;
  }
}

void refresh_nullability(FromResult& result) {
  for (ScopeColumn& column : result.scope.columns) {
    column.nullable = result.relation->nullable[static_cast<std::size_t>(column.index)];
  }
}

const ScopeColumn& find_common(const Scope& scope, const ast::Ident& name, std::string_view side) {
  const ScopeColumn* found = nullptr;
  for (const ScopeColumn& column : scope.columns) {
    if (column.only_qualified || column.name != name.value) continue;
    if (found != nullptr) {
      throw SqlError(sqlstate::ambiguous_column, "common column name \"" + name.value +
                                                     "\" appears more than once in " +
                                                     std::string(side) + " table")
          .position(name.position);
    }
    found = &column;
  }
  if (found == nullptr) {
    throw SqlError(sqlstate::undefined_column,
                   "column \"" + name.value + "\" specified in USING clause does not exist in " +
                       std::string(side) + " table")
        .position(name.position);
  }
  return *found;
}

std::vector<ast::Ident> common_names(const Scope& left, const Scope& right) {
  std::vector<ast::Ident> names;
  for (const ScopeColumn& column : left.columns) {
    if (column.only_qualified) continue;
    const bool shared =
        std::any_of(right.columns.begin(), right.columns.end(), [&](const ScopeColumn& other) {
          return !other.only_qualified && other.name == column.name;
        });
    const bool known = std::any_of(names.begin(), names.end(),
                                   [&](const auto& n) { return n.value == column.name; });
    if (shared && !known) names.push_back({column.name, 0});
  }
  return names;
}

// The two columns of a name that USING joins, over left and right side by side.
struct SharedColumn {
  std::string name;
  ExpressionPtr left;
  ExpressionPtr right;
};

SharedColumn shared_column(Binding& binding, const FromResult& left, const FromResult& right,
                           const ast::Ident& name) {
  const ScopeColumn& a = find_common(left.scope, name, "left");
  ScopeColumn b = find_common(right.scope, name, "right");
  b.index += left.relation->width();
  const Type both[] = {a.type, b.type};
  const std::optional<Type> type = common_type(both);
  if (!type) {
    throw SqlError(sqlstate::datatype_mismatch, "NATURAL/USING join column \"" + name.value +
                                                    "\" types " + a.type.name() + " and " +
                                                    b.type.name() + " cannot be matched")
        .position(name.position);
  }
  return {name.value,
          coerce(binding, reference(a, 0, name.position), *type, CastContext::implicit,
                 "NATURAL/USING"),
          coerce(binding, reference(b, 0, name.position), *type, CastContext::implicit,
                 "NATURAL/USING")};
}

ExpressionPtr nullable_as(const ExpressionPtr& expression, const bound::Relation& relation) {
  const auto* node = std::get_if<bound::Column>(&expression->node);
  if (node == nullptr) return expression;
  return bound::column(0, node->index, expression->type,
                       relation.nullable[static_cast<std::size_t>(node->index)]);
}

FromResult join_using(Binding& binding, FromResult left, FromResult right, const ast::Join& join,
                      const std::vector<ast::Ident>& names, const std::optional<ast::Ident>& alias,
                      bool lateral) {
  const int left_width = left.relation->width();
  std::vector<SharedColumn> shared;
  Expressions on;
  for (const ast::Ident& name : names) {
    shared.push_back(shared_column(binding, left, right, name));
    on.push_back(
        bind_comparison(binding, "=", shared.back().left, shared.back().right, name.position));
  }
  FromResult result;
  result.scope = side_by_side(left.scope, right.scope, left_width);
  result.scope.outer = left.scope.outer;
  check_no_duplicate_tables(result.scope, join.right.position);
  result.relation =
      bound::join(std::move(left.relation), std::move(right.relation),
                  {.kind = kind_of(join.kind), .lateral = lateral, .on = std::move(on)});
  for (ScopeColumn& column : result.scope.columns) {
    const bool merged = std::any_of(names.begin(), names.end(),
                                    [&](const auto& n) { return n.value == column.name; });
    column.only_qualified = column.only_qualified || merged;
  }
  Expressions values;
  for (const SharedColumn& column : shared) {
    const ExpressionPtr a = nullable_as(column.left, *result.relation);
    const ExpressionPtr b = nullable_as(column.right, *result.relation);
    values.push_back(join.kind == ast::JoinKind::right  ? b
                     : join.kind == ast::JoinKind::full ? bound::coalesce({a, b}, a->type)
                                                        : a);
  }
  const std::vector<int> positions = map_expressions(result.relation, values);
  std::vector<ScopeColumn> merged;
  for (std::size_t i = 0; i < shared.size(); ++i) {
    merged.push_back({.name = shared[i].name,
                      .index = positions[i],
                      .type = values[i]->type,
                      .nullable = values[i]->nullable});
  }
  if (alias) {
    result.scope.tables.push_back({.name = alias->value});
    for (ScopeColumn column : merged) {
      column.table = static_cast<int>(result.scope.tables.size()) - 1;
      column.only_qualified = true;
      result.scope.columns.push_back(std::move(column));
    }
  }
  result.scope.columns.insert(result.scope.columns.begin(), merged.begin(), merged.end());
  refresh_nullability(result);
  return result;
}

}  // namespace

FromResult bind_join(Binding& binding, FromResult left, FromResult right, const ast::Join& join,
                     bool lateral) {
  if (const auto* names = std::get_if<ast::JoinUsing>(&join.condition)) {
    return join_using(binding, std::move(left), std::move(right), join, names->columns,
                      names->alias, lateral);
  }
  if (std::holds_alternative<ast::JoinNatural>(join.condition)) {
    const std::vector<ast::Ident> names = common_names(left.scope, right.scope);
    return join_using(binding, std::move(left), std::move(right), join, names, std::nullopt,
                      lateral);
  }
  FromResult result;
  result.scope = side_by_side(left.scope, right.scope, left.relation->width());
  result.scope.outer = left.scope.outer;
  check_no_duplicate_tables(result.scope, join.right.position);
  bound::Join node{.kind = kind_of(join.kind), .lateral = lateral};
  if (const auto* on = std::get_if<ast::JoinOn>(&join.condition)) {
    const Place place{.clause = Clause::join_on, .scope = &result.scope};
    const ExpressionPtr condition = bind_predicate(binding, *on->condition, place, "ON clause");
    const bool flat = std::holds_alternative<bound::And>(condition->node);
    node.on = flat ? condition->operands : Expressions{condition};
  }
  result.relation =
      bound::join(std::move(left.relation), std::move(right.relation), std::move(node));
  refresh_nullability(result);
  return result;
}

}  // namespace tailrace::engine
