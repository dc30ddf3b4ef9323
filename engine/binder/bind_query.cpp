// WITH, a body, ORDER BY, LIMIT and OFFSET: a query as a whole.
#include "engine/binder/binding.hpp"
#include "engine/binder/coerce.hpp"
#include "grammar/ast/statement.hpp"

namespace tailrace::engine {

using bound::ExpressionPtr;
using bound::Expressions;

namespace {

ExpressionPtr bind_count(Binding& binding, const ast::Expression& expression, Clause clause,
                         const Scope* outer) {
  static const Scope nothing;
  const Place place{.clause = clause,
                    .scope = outer != nullptr ? outer : &nothing,
                    .subqueries = clause != Clause::offset};
  ExpressionPtr bound = bind_expression(binding, expression, place);
  return coerce(binding, std::move(bound), TypeId::int8, CastContext::assignment,
                words_for(clause));
}

// The parenthesized query of a body, if that is all it is.
const ast::Query* parenthesized(const ast::QueryBody& body) {
  const auto* query = std::get_if<ast::Box<ast::Query>>(&body.node);
  return query == nullptr ? nullptr : &**query;
}

[[noreturn]] void throw_repeated(std::string_view clause, std::uint32_t position) {
  throw SqlError(sqlstate::syntax_error, "multiple " + std::string(clause) + " clauses not allowed")
      .position(position);
}

BoundQueryTree bind_ordered_body(Binding& binding, const ast::Query& query, const Scope* outer) {
  if (const auto* select = std::get_if<ast::Select>(&query.body.node)) {
    return bind_select(binding, *select, query.order_by, outer);
  }
  const ast::Query* inner = parenthesized(query.body);
  if (inner == nullptr) {
    BoundQueryTree tree = bind_query_body(binding, query.body, outer);
    order_outputs(binding, tree, query.order_by, outer);
    return tree;
  }
  if (query.with && inner->with) throw_repeated("WITH", inner->position);
  if (!query.order_by.empty() && !inner->order_by.empty())
    throw_repeated("ORDER BY", inner->position);
  if (query.limit && inner->limit) throw_repeated("LIMIT/FETCH", inner->position);
  if (query.offset && inner->offset) throw_repeated("OFFSET", inner->position);
  if (query.order_by.empty()) return bind_query_tree(binding, *inner, outer);
  BoundQueryTree tree = bind_subselect(binding, *inner, outer);
  order_outputs(binding, tree, query.order_by, outer);
  return tree;
}

std::uint64_t offset_of(Binding& binding, const ExpressionPtr& offset) {
  if (!offset) return 0;
  const auto value = try_constant(binding, offset);
  if (!value) {
    throw SqlError(sqlstate::invalid_parameter_value,
                   "Invalid OFFSET clause: Expected a constant expression")
        .position(offset->position);
  }
  if (is_null(*value)) {
    throw SqlError(sqlstate::invalid_parameter_value,
                   "Invalid OFFSET clause: Expected an expression that evaluates to a non-null "
                   "value, got null")
        .position(offset->position);
  }
  const std::int64_t rows = std::get<std::int64_t>(*value);
  if (rows < 0) {
    throw SqlError(sqlstate::invalid_parameter_value,
                   "Invalid OFFSET clause: must not be negative, got " + std::to_string(rows))
        .position(offset->position);
  }
  return static_cast<std::uint64_t>(rows);
}

}  // namespace

BoundQueryTree bind_query_body(Binding& binding, const ast::QueryBody& body, const Scope* outer) {
  if (const auto* select = std::get_if<ast::Select>(&body.node))
    return bind_select(binding, *select, {}, outer);
  if (const auto* values = std::get_if<ast::Values>(&body.node))
    return bind_values(binding, *values, outer);
  if (const auto* operation = std::get_if<ast::SetOperation>(&body.node)) {
    return bind_set_operation(binding, *operation, outer);
  }
  if (const auto* query = parenthesized(body)) {
    return bind_subselect(binding, *query, outer);
  }
  if (const auto* table = std::get_if<ast::TableCommand>(&body.node)) {
    binding.outputs = {};
    FromResult result = bind_named_table(binding, table->name, std::nullopt, outer, body.position);
    BoundQueryTree tree;
    for (const ScopeColumn& column : result.scope.columns) {
      tree.names.push_back(column.name);
      tree.visible.push_back(column.index);
    }
    tree.relation = std::move(result.relation);
    return tree;
  }
  // The session rewrites SHOW statements to queries before they are bound.
  throw SqlError(sqlstate::feature_not_supported, "SHOW in subqueries is not supported")
      .position(body.position);
}

BoundQueryTree bind_query_tree(Binding& binding, const ast::Query& query, const Scope* outer) {
  const Outputs outputs = std::exchange(binding.outputs, {});
  WithScope with = bind_with(binding, query.with, outer);
  binding.outputs = outputs;
  BoundQueryTree tree = bind_ordered_body(binding, query, outer);
  binding.outputs = {};
  if (query.limit) {
    tree.limit = bind_count(binding, **query.limit, Clause::limit, outer);
    if (bound::is_null_literal(tree.limit)) tree.limit = nullptr;
  }
  if (query.offset) tree.offset = bind_count(binding, **query.offset, Clause::offset, outer);
  tree.relation = end_with(binding, std::move(with), std::move(tree.relation));
  return tree;
}

BoundQueryTree bind_subselect(Binding& binding, const ast::Query& query, const Scope* outer,
                              bool keep_order) {
  BoundQueryTree tree = bind_query_tree(binding, query, outer);
  if (tree.limit || tree.offset) {
    bound::TopK node{.order_by = tree.order_by,
                     .offset = offset_of(binding, tree.offset),
                     .expected_group_size = tree.expected_group_size};
    if (tree.limit) {
      node.limit = bound::shift_levels(tree.limit, 1);
      if (const auto value = try_constant(binding, tree.limit)) {
        if (!is_null(*value) && std::get<std::int64_t>(*value) < 0) {
          throw SqlError(sqlstate::invalid_parameter_value, "LIMIT must not be negative")
              .position(tree.limit->position);
        }
        node.limit = is_null(*value) ? nullptr : bound::literal(*value, TypeId::int8);
      }
    }
    tree.relation = bound::top_k(tree.relation, std::move(node));
  }
  tree.limit = nullptr;
  tree.offset = nullptr;
  if (keep_order) return tree;
  tree.order_by.clear();
  tree.relation = bound::project(tree.relation, tree.visible);
  for (std::size_t i = 0; i < tree.visible.size(); ++i) tree.visible[i] = static_cast<int>(i);
  return tree;
}

void cast_outputs(Binding& binding, BoundQueryTree& tree, const std::vector<Type>& types,
                  CastContext context, std::string_view what) {
  Expressions casts;
  for (std::size_t i = 0; i < types.size(); ++i) {
    const auto index = static_cast<std::size_t>(tree.visible[i]);
    casts.push_back(coerce(binding,
                           bound::column(0, tree.visible[i], tree.relation->types[index],
                                         tree.relation->nullable[index]),
                           types[i], context, what));
  }
  tree.visible = map_expressions(tree.relation, casts);
}

void order_outputs(Binding& binding, BoundQueryTree& tree,
                   const std::vector<ast::OrderItem>& order_by, const Scope* outer) {
  if (order_by.empty()) return;
  Scope scope;
  scope.outer = outer;
  for (std::size_t i = 0; i < tree.names.size(); ++i) {
    const auto index = static_cast<std::size_t>(tree.visible[i]);
    scope.columns.push_back({.name = tree.names[i],
                             .index = tree.visible[i],
                             .type = tree.relation->types[index],
                             .nullable = tree.relation->nullable[index]});
  }
  const Place place{.clause = Clause::values, .scope = &scope};
  Expressions keys;
  for (const ast::OrderItem& item : order_by) {
    const int ordinal = ordinal_of(*item.expression, tree.names.size(), "ORDER BY");
    keys.push_back(
        ordinal >= 0 ? reference(scope.columns[static_cast<std::size_t>(ordinal)], 0, 0)
                     : coerce_unknown(binding, bind_expression(binding, *item.expression, place)));
  }
  const std::vector<int> positions = map_expressions(tree.relation, keys);
  tree.order_by.clear();
  for (std::size_t i = 0; i < order_by.size(); ++i) {
    tree.order_by.push_back({positions[i], order_by[i].descending, nulls_first(order_by[i])});
  }
}

}  // namespace tailrace::engine
