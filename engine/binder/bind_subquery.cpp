// Queries inside expressions. IN, ANY and ALL become EXISTS over the query filtered by the
// comparison, which keeps their three truth values:
//
//   x = ANY (q)  is  CASE WHEN EXISTS (q where x = y) THEN true WHEN EXISTS (q where (x = y) IS
//   NULL) THEN NULL
//                    ELSE false END
//   x = ALL (q)  is  NOT (x <> ANY (q)), with the comparison negated
#include "engine/binder/binding.hpp"
#include "engine/binder/coerce.hpp"
#include "repr/nested.hpp"
#include "repr/text_format.hpp"

namespace tailrace::engine {

using bound::ExpressionPtr;
using bound::Expressions;

namespace {

void check_allowed(const Place& place, std::uint32_t position) {
  if (place.subqueries) return;
  throw SqlError(sqlstate::feature_not_supported,
                 std::string(words_for(place.clause)) + " does not allow subqueries")
      .position(position);
}

BoundQueryTree subselect(Binding& binding, const ast::Query& query, const Place& place,
                         bool keep_order = false) {
  check_allowed(place, query.position);
  return bind_subselect(binding, query, place.scope, keep_order);
}

Expressions columns_of(const bound::RelationPtr& relation) {
  Expressions columns;
  for (std::size_t i = 0; i < relation->types.size(); ++i) {
    columns.push_back(
        bound::column(0, static_cast<int>(i), relation->types[i], relation->nullable[i]));
  }
  return columns;
}

// The rows for which a comparison is NULL. `a = b` is NULL where a or b is: asked of each side
// alone, so that what does not look outside is asked once for all outer rows.
ExpressionPtr null_test(const ExpressionPtr& comparison) {
  const auto* call = std::get_if<bound::Call>(&comparison->node);
  if (call == nullptr || comparison->operands.size() != 2 ||
      call->function->nulls != Nulls::strict) {
    return is_null_test(comparison);
  }
  Expressions tests;
  for (const ExpressionPtr& operand : comparison->operands) {
    if (operand->nullable) tests.push_back(is_null_test(operand));
  }
  return bound::disjunction(std::move(tests));
}

// `comparison` is over the relation's columns; outer columns are one level out.
ExpressionPtr any_of(const bound::RelationPtr& relation, const ExpressionPtr& comparison) {
  ExpressionPtr found = bound::exists(bound::filter(relation, {comparison}));
  if (!comparison->nullable) return found;
  const ExpressionPtr test = null_test(comparison);
  const Expressions tests =
      std::holds_alternative<bound::Or>(test->node) ? test->operands : Expressions{test};
  Expressions unknown;
  for (const ExpressionPtr& one : tests)
    unknown.push_back(bound::exists(bound::filter(relation, {one})));
  return bound::case_when(
      {std::move(found), bound::boolean(true), bound::disjunction(std::move(unknown)),
       bound::null_of(TypeId::boolean), bound::boolean(false)},
      TypeId::boolean);
}

// The left side, as seen from inside the subquery, against the query's columns.
ExpressionPtr comparison_with(Binding& binding, const ast::OperatorName& name,
                              const ExpressionPtr& left, const BoundQueryTree& tree,
                              std::uint32_t position) {
  Expressions columns = columns_of(tree.relation);
  ExpressionPtr inner_left = bound::shift_levels(left, 1);
  const bool row = std::holds_alternative<bound::Row>(inner_left->node);
  const std::size_t width = row ? inner_left->operands.size() : 1;
  if (columns.size() != width) {
    const bool too_few = columns.size() < width;
    throw SqlError(sqlstate::syntax_error,
                   row ? std::string("subquery has too ") + (too_few ? "few" : "many") + " columns"
                       : "Expected subselect to return " + std::to_string(width) + " column, got " +
                             std::to_string(columns.size()) + " columns")
        .position(position);
  }
  if (!row) {
    if (!name.schema.empty())
      return bind_operator(binding, name, {inner_left, columns[0]}, position);
    return bind_comparison(binding, name.symbol, inner_left, columns[0], position);
  }
  std::vector<RecordField> fields;
  for (const ExpressionPtr& column : columns) fields.push_back({"", column->type});
  bound::Expression right{.type = Type::record_of(std::move(fields)),
                          .nullable = false,
                          .node = bound::Row{},
                          .operands = columns};
  return bind_comparison(binding, name.symbol, inner_left, bound::make(std::move(right)), position);
}

ExpressionPtr quantified(Binding& binding, const ast::OperatorName& name, bool all,
                         const ExpressionPtr& left, const BoundQueryTree& tree,
                         std::uint32_t position) {
  ExpressionPtr comparison = comparison_with(binding, name, left, tree, position);
  if (comparison->type.id() != TypeId::boolean) {
    throw SqlError(sqlstate::wrong_object_type,
                   "op ANY/ALL (array) requires operator to yield boolean")
        .position(position);
  }
  if (!all) return any_of(tree.relation, comparison);
  return negation(any_of(tree.relation, negation(comparison)));
}

ExpressionPtr quantified_over_values(Binding& binding, const ast::Quantified& node,
                                     const Place& place, std::uint32_t position) {
  const ExpressionPtr left = bind_expression(binding, *node.left, place);
  ExpressionPtr values =
      bind_expression(binding, *std::get<ast::Box<ast::Expression>>(node.right), place);
  if (bound::is_unknown(values)) {
    const Type element =
        bound::is_unknown(left) ? Type(TypeId::text) : left->type.without_modifier();
    values = coerce(binding, std::move(values), Type::array_of(element), CastContext::implicit);
  }
  const TypeId kind = values->type.id();
  if (kind != TypeId::array && kind != TypeId::list) {
    throw SqlError(sqlstate::wrong_object_type, "op ANY/ALL (array) requires array on right side")
        .position(position);
  }
  // Known values: compared one by one, which index lookups can use.
  if (const auto constant = try_constant(binding, values); constant && !is_null(*constant)) {
    const auto& bytes = std::get<std::string>(*constant);
    const std::vector<Value> elements = kind == TypeId::array
                                            ? decode_array(values->type, bytes).elements
                                            : decode_list(values->type, bytes);
    Expressions comparisons;
    for (const Value& element : elements) {
      comparisons.push_back(bind_operator(
          binding, node.name, {left, bound::literal(element, values->type.element(), position)},
          position));
    }
    return node.all ? bound::conjunction(std::move(comparisons))
                    : bound::disjunction(std::move(comparisons));
  }
  const TableFunction* unnest = nullptr;
  for (const TableFunction* function : table_functions_named("unnest")) {
    const Parameter& takes = function->takes.front();
    const bool fits = kind == TypeId::array ? takes.kind == Parameter::Kind::anyarray
                                            : takes.kind == Parameter::Kind::anylist;
    if (fits) unnest = function;
  }
  if (unnest == nullptr) throw unsupported("ANY and ALL of this type").position(position);
  BoundQueryTree tree;
  tree.relation =
      bound::call_table({.function = unnest, .arguments = {bound::shift_levels(values, 1)}});
  ExpressionPtr result = quantified(binding, node.name, node.all, left, tree, position);
  // Of no array at all the answer is NULL.
  if (!values->nullable) return result;
  return bound::case_when(
      {is_null_test(values), bound::null_of(TypeId::boolean), std::move(result)}, TypeId::boolean);
}

}  // namespace

ExpressionPtr bind_subquery(Binding& binding, const ast::Exists& node, const Place& place) {
  return bound::exists(subselect(binding, *node.query, place).relation);
}

ExpressionPtr bind_subquery(Binding& binding, const ast::ScalarSubquery& node, const Place& place,
                            std::uint32_t position) {
  const BoundQueryTree tree = subselect(binding, *node.query, place);
  if (tree.relation->width() != 1) {
    throw SqlError(sqlstate::syntax_error, "Expected subselect to return 1 column, got " +
                                               std::to_string(tree.relation->width()) + " columns")
        .position(position);
  }
  bound::Expression made{.type = tree.relation->types[0],
                         .nullable = true,
                         .node = bound::ScalarSubquery{tree.relation},
                         .position = position};
  return bound::make(std::move(made));
}

ExpressionPtr bind_subquery(Binding& binding, const ast::InSubquery& node, const Place& place,
                            std::uint32_t position) {
  const ExpressionPtr left = bind_expression(binding, *node.operand, place);
  const BoundQueryTree tree = subselect(binding, *node.query, place);
  const ast::OperatorName equals{.symbol = "=", .position = position};
  ExpressionPtr result = quantified(binding, equals, false, left, tree, position);
  return node.negated ? negation(std::move(result)) : result;
}

ExpressionPtr bind_subquery(Binding& binding, const ast::Quantified& node, const Place& place,
                            std::uint32_t position) {
  if (const auto* query = std::get_if<ast::Box<ast::Query>>(&node.right)) {
    const ExpressionPtr left = bind_expression(binding, *node.left, place);
    const BoundQueryTree tree = subselect(binding, **query, place);
    return quantified(binding, node.name, node.all, left, tree, position);
  }
  return quantified_over_values(binding, node, place, position);
}

namespace {

std::vector<bound::Order> orders_of(const BoundQueryTree& tree) {
  std::vector<bound::Order> orders;
  for (const OrderKey& key : tree.order_by) orders.push_back({key.descending, key.nulls_first});
  return orders;
}

// The aggregate with the query's ORDER BY as its own.
ExpressionPtr ordered(const ExpressionPtr& aggregate, const BoundQueryTree& tree,
                      const Expressions& columns) {
  bound::Expression changed = *aggregate;
  auto& node = std::get<bound::Aggregate>(changed.node);
  node.order = orders_of(tree);
  for (const OrderKey& key : tree.order_by) {
    changed.operands.push_back(columns[static_cast<std::size_t>(key.column)]);
  }
  return bound::make(std::move(changed));
}

}  // namespace

ExpressionPtr bind_subquery(Binding& binding, const ast::CollectionSubquery& node,
                            const Place& place, std::uint32_t position) {
  const BoundQueryTree tree = subselect(binding, *node.query, place, true);
  const Expressions columns = columns_of(tree.relation);
  const bool map = node.kind == ast::CollectionKind::map;
  const std::size_t wanted = map ? 2 : 1;
  if (tree.visible.size() != wanted) {
    const std::string got = std::to_string(tree.visible.size());
    throw SqlError(sqlstate::syntax_error,
                   map ? "expected map subquery to return 2 columns, got " + got + " columns"
                       : "Expected subselect to return 1 column, got " + got + " columns")
        .position(position);
  }
  Expressions arguments;
  for (const int column : tree.visible)
    arguments.push_back(columns[static_cast<std::size_t>(column)]);
  if (map && !arguments[0]->type.is_string()) {
    throw SqlError(sqlstate::datatype_mismatch,
                   "cannot build map from subquery because first column is not of type text")
        .position(position);
  }
  const std::string_view name = map                                      ? "map_agg"
                                : node.kind == ast::CollectionKind::list ? "list_agg"
                                                                         : "array_agg";
  ExpressionPtr aggregate = ordered(make_aggregate(name, std::move(arguments)), tree, columns);
  const Type type = aggregate->type;
  bound::RelationPtr reduced =
      bound::reduce(tree.relation, {.aggregates = {std::move(aggregate)}, .global = true});
  bound::Expression select{.type = type,
                           .nullable = true,
                           .node = bound::ScalarSubquery{std::move(reduced)},
                           .position = position};
  ExpressionPtr empty = bound::literal(from_text(type, "{}"), type, position);
  return bound::coalesce({bound::make(std::move(select)), std::move(empty)}, type);
}

}  // namespace tailrace::engine
