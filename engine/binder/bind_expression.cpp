// One function per kind of expression that needs no file of its own, and the switch over all.
#include <charconv>

#include "engine/binder/binding.hpp"
#include "engine/binder/coerce.hpp"
#include "engine/binder/type_rules.hpp"
#include "repr/datetime_text.hpp"
#include "repr/text_format.hpp"

namespace tailrace::engine {

using bound::ExpressionPtr;
using bound::Expressions;

std::string_view words_for(Clause clause) {
  switch (clause) {
    case Clause::select_list:
      return "SELECT list";
    case Clause::where:
      return "WHERE clause";
    case Clause::join_on:
      return "ON clause";
    case Clause::group_by:
      return "GROUP BY clause";
    case Clause::having:
      return "HAVING clause";
    case Clause::qualify:
      return "QUALIFY clause";
    case Clause::order_by:
      return "ORDER BY clause";
    case Clause::distinct_on:
      return "DISTINCT ON clause";
    case Clause::limit:
      return "LIMIT";
    case Clause::offset:
      return "OFFSET";
    case Clause::values:
      return "VALUES";
    case Clause::returning:
      return "RETURNING clause";
    case Clause::filter:
      return "FILTER clause";
    case Clause::aggregate:
      return "aggregate function calls";
    case Clause::window:
      return "window function calls";
    case Clause::table_function:
      return "functions in FROM";
    case Clause::expression:
      return "this expression";
  }
  return "";
}

namespace {

ExpressionPtr bind_number(const ast::NumberLiteral& node, std::uint32_t position) {
  const std::string& text = node.text;
  if (text.find_first_of(".eE") == std::string::npos) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && end == text.data() + text.size()) {
      if (value <= std::numeric_limits<std::int32_t>::max()) {
        return bound::literal(static_cast<std::int32_t>(value), TypeId::int4, position);
      }
      return bound::literal(value, TypeId::int8, position);
    }
  }
  try {
    return bound::literal(Numeric::parse(text), TypeId::numeric, position);
  } catch (SqlError& error) {
    error.position(position);
    throw;
  }
}

ExpressionPtr bind_hex(const ast::HexLiteral& node, std::uint32_t position) {
  try {
    return bound::literal(from_text(TypeId::bytea, "\\x" + node.digits), TypeId::bytea, position);
  } catch (SqlError& error) {
    error.position(position);
    throw;
  }
}

IntervalField field_of_unit(ast::IntervalUnit unit) {
  switch (unit) {
    case ast::IntervalUnit::year:
      return IntervalField::year;
    case ast::IntervalUnit::month:
      return IntervalField::month;
    case ast::IntervalUnit::day:
      return IntervalField::day;
    case ast::IntervalUnit::hour:
      return IntervalField::hour;
    case ast::IntervalUnit::minute:
      return IntervalField::minute;
    case ast::IntervalUnit::second:
      return IntervalField::second;
  }
  return IntervalField::second;
}

ExpressionPtr bind_interval(const ast::IntervalLiteral& node, std::uint32_t position) {
  std::optional<IntervalQualifier> qualifier;
  if (node.tail || node.precision) {
    qualifier.emplace();
    if (node.head) qualifier->head = field_of_unit(*node.head);
    if (node.tail) qualifier->tail = field_of_unit(*node.tail);
    if (node.precision) qualifier->precision = static_cast<int>(*node.precision);
  }
  try {
    return bound::literal(parse_interval(node.text, qualifier), TypeId::interval, position);
  } catch (SqlError& error) {
    error.position(position);
    throw;
  }
}

ExpressionPtr bind_parameter(Binding& binding, const ast::Parameter& node, std::uint32_t position) {
  ParameterTypes* types = binding.context.parameters;
  if (types == nullptr) {
    throw SqlError(sqlstate::undefined_parameter,
                   "there is no parameter $" + std::to_string(node.number))
        .position(position);
  }
  if (node.number == 0 || node.number > 65535) {
    throw SqlError(sqlstate::undefined_parameter, "invalid parameter number").position(position);
  }
  if (types->size() < node.number) types->resize(node.number);
  bound::Expression made{.type = (*types)[node.number - 1].value_or(Type()),
                         .nullable = true,
                         .node = bound::Parameter{static_cast<int>(node.number)},
                         .position = position};
  return bound::make(std::move(made));
}

Expressions bind_booleans(Binding& binding, const std::vector<ast::Expression>& operands,
                          const Place& place, std::string_view what) {
  Expressions bound;
  for (const ast::Expression& operand : operands)
    bound.push_back(bind_predicate(binding, operand, place, what));
  return bound;
}

ExpressionPtr bind_unary(Binding& binding, const ast::Unary& node, const Place& place,
                         std::uint32_t position) {
  // `- 2` is one literal, down to the least integer.
  if (node.name.symbol == "-") {
    if (const auto* number = std::get_if<ast::NumberLiteral>(&node.operand->node)) {
      if (number->text == "2147483648") {
        return bound::literal(std::numeric_limits<std::int32_t>::min(), TypeId::int4, position);
      }
      if (number->text == "9223372036854775808") {
        return bound::literal(std::numeric_limits<std::int64_t>::min(), TypeId::int8, position);
      }
    }
  }
  ExpressionPtr operand = bind_expression(binding, *node.operand, place);
  if (const auto* literal = std::get_if<bound::Literal>(&operand->node);
      literal != nullptr && node.name.symbol == "-") {
    if (const auto* value = std::get_if<std::int32_t>(&literal->value);
        value != nullptr && operand->type.id() == TypeId::int4) {
      return bound::literal(-*value, TypeId::int4, position);
    }
    if (const auto* value = std::get_if<Numeric>(&literal->value)) {
      return bound::literal(value->negated(), operand->type, position);
    }
  }
  return bind_operator(binding, node.name, {std::move(operand)}, position);
}

// Left-deep chains are as long as the statement: walked in a loop.
ExpressionPtr bind_binary(Binding& binding, const ast::Binary& node, const Place& place) {
  std::vector<const ast::Binary*> chain = {&node};
  while (const auto* left = std::get_if<ast::Binary>(&chain.back()->left->node))
    chain.push_back(left);
  ExpressionPtr result = bind_expression(binding, *chain.back()->left, place);
  for (auto link = chain.rbegin(); link != chain.rend(); ++link) {
    ExpressionPtr right = bind_expression(binding, *(*link)->right, place);
    const ast::OperatorName& name = (*link)->name;
    const bool rows = result->type.id() == TypeId::record || right->type.id() == TypeId::record;
    result =
        rows && name.schema.empty()
            ? bind_comparison(binding, name.symbol, std::move(result), std::move(right),
                              name.position)
            : bind_operator(binding, name, {std::move(result), std::move(right)}, name.position);
  }
  return result;
}

ExpressionPtr bind_is(Binding& binding, const ast::IsTest& node, const Place& place,
                      std::uint32_t position) {
  ExpressionPtr operand = bind_expression(binding, *node.operand, place);
  ExpressionPtr result;
  if (node.what == ast::IsWhat::null) {
    result = is_null_test(coerce_unknown(binding, std::move(operand)));
  } else {
    const std::string_view what = node.what == ast::IsWhat::true_    ? "IS TRUE"
                                  : node.what == ast::IsWhat::false_ ? "IS FALSE"
                                                                     : "IS UNKNOWN";
    operand = coerce(binding, std::move(operand), TypeId::boolean, CastContext::implicit, what);
    result = node.what == ast::IsWhat::true_    ? call_internal("istrue", {operand}, position)
             : node.what == ast::IsWhat::false_ ? call_internal("isfalse", {operand}, position)
                                                : is_null_test(operand);
  }
  return node.negated ? negation(std::move(result)) : result;
}

ExpressionPtr bind_is_distinct(Binding& binding, const ast::IsDistinctFrom& node,
                               const Place& place, std::uint32_t position) {
  Expressions both = {bind_expression(binding, *node.left, place),
                      bind_expression(binding, *node.right, place)};
  unify(binding, both, "IS DISTINCT FROM", position);
  ExpressionPtr result = call_internal("isdistinct", std::move(both), position);
  return node.negated ? negation(std::move(result)) : result;
}

ExpressionPtr bind_like(Binding& binding, const ast::Like& node, const Place& place,
                        std::uint32_t position) {
  ExpressionPtr operand = bind_expression(binding, *node.operand, place);
  ExpressionPtr pattern = bind_expression(binding, *node.pattern, place);
  if (node.escape) {
    ExpressionPtr escape = coerce(binding, bind_expression(binding, **node.escape, place),
                                  TypeId::text, CastContext::implicit, "ESCAPE");
    pattern = coerce(binding, std::move(pattern), TypeId::text, CastContext::implicit, "LIKE");
    pattern = call_internal("like_escape", {std::move(pattern), std::move(escape)}, position);
  }
  const ast::OperatorName name{.symbol = node.ignore_case ? "~~*" : "~~", .position = position};
  ExpressionPtr result =
      bind_operator(binding, name, {std::move(operand), std::move(pattern)}, position);
  return node.negated ? negation(std::move(result)) : result;
}

ExpressionPtr bind_between(Binding& binding, const ast::Between& node, const Place& place,
                           std::uint32_t position) {
  const ExpressionPtr operand = bind_expression(binding, *node.operand, place);
  ExpressionPtr low = bind_expression(binding, *node.low, place);
  ExpressionPtr high = bind_expression(binding, *node.high, place);
  ExpressionPtr result =
      bound::conjunction({bind_comparison(binding, ">=", operand, std::move(low), position),
                          bind_comparison(binding, "<=", operand, std::move(high), position)});
  return node.negated ? negation(std::move(result)) : result;
}

ExpressionPtr bind_in_list(Binding& binding, const ast::InList& node, const Place& place,
                           std::uint32_t position) {
  ExpressionPtr operand = bind_expression(binding, *node.operand, place);
  Expressions list;
  for (const ast::Expression& element : node.list)
    list.push_back(bind_expression(binding, element, place));
  Expressions all = list;
  all.insert(all.begin(), operand);
  std::vector<Type> types;
  for (const ExpressionPtr& expression : all) types.push_back(expression->type);
  // Unknown elements take the type that all come to; where there is none, each is compared on its
  // own.
  if (operand->type.id() != TypeId::record && common_type(types)) {
    unify(binding, all, "IN", position);
    operand = all[0];
    list.assign(all.begin() + 1, all.end());
  }
  Expressions equalities;
  for (ExpressionPtr& element : list) {
    equalities.push_back(bind_comparison(binding, "=", operand, std::move(element), position));
  }
  ExpressionPtr result = bound::disjunction(std::move(equalities));
  return node.negated ? negation(std::move(result)) : result;
}

ExpressionPtr bind_null_if(Binding& binding, const ast::NullIf& node, const Place& place,
                           std::uint32_t position) {
  const Place inner = place.inside("NULLIF");
  const ExpressionPtr left = coerce_unknown(binding, bind_expression(binding, *node.left, inner));
  ExpressionPtr right = bind_expression(binding, *node.right, inner);
  ExpressionPtr equal = bind_comparison(binding, "=", left, std::move(right), position);
  return bound::case_when({std::move(equal), bound::null_of(left->type), left}, left->type);
}

ExpressionPtr bind_cast(Binding& binding, const ast::Cast& node, const Place& place,
                        std::uint32_t position) {
  const Type to = bind_type(node.type, binding.context);
  ExpressionPtr operand;
  // ARRAY[] has a type only here.
  if (const auto* collection = std::get_if<ast::Collection>(&node.operand->node);
      collection != nullptr && collection->elements.empty()) {
    const TypeId wanted = collection->kind == ast::CollectionKind::array  ? TypeId::array
                          : collection->kind == ast::CollectionKind::list ? TypeId::list
                                                                          : TypeId::map;
    if (to.id() == wanted) return bound::literal(from_text(to, "{}"), to, position);
  }
  if (const auto* map = std::get_if<ast::MapConstructor>(&node.operand->node);
      map != nullptr && map->entries.empty() && to.id() == TypeId::map) {
    return bound::literal(from_text(to, "{}"), to, position);
  }
  operand = bind_expression(binding, *node.operand, place);
  return coerce(binding, std::move(operand), to, CastContext::explicit_);
}

ExpressionPtr bind_call_named(Binding& binding, std::string name,
                              const std::vector<ast::Expression>& arguments, const Place& place,
                              std::uint32_t position) {
  ast::FunctionCall call;
  call.name.parts.push_back({std::move(name), position});
  call.name.position = position;
  call.arguments = arguments;
  return bind_function_call(binding, call, place, position);
}

struct ExpressionBinder {
  Binding& binding;
  const Place& place;
  std::uint32_t position;

  ExpressionPtr operator()(const ast::NullLiteral&) const {
    return bound::literal(Null{}, Type(), position);
  }
  ExpressionPtr operator()(const ast::BooleanLiteral& node) const {
    return bound::literal(node.value, TypeId::boolean, position);
  }
  ExpressionPtr operator()(const ast::NumberLiteral& node) const {
    return bind_number(node, position);
  }
  ExpressionPtr operator()(const ast::StringLiteral& node) const {
    return bound::literal(node.value, Type(), position);
  }
  ExpressionPtr operator()(const ast::HexLiteral& node) const { return bind_hex(node, position); }
  ExpressionPtr operator()(const ast::IntervalLiteral& node) const {
    return bind_interval(node, position);
  }
  ExpressionPtr operator()(const ast::DefaultMarker&) const {
    throw SqlError(sqlstate::syntax_error, "DEFAULT is not allowed in this context")
        .position(position);
  }
  ExpressionPtr operator()(const ast::Parameter& node) const {
    return bind_parameter(binding, node, position);
  }
  ExpressionPtr operator()(const ast::ColumnName& node) const {
    return resolve_column(*place.scope, node.parts, position);
  }
  ExpressionPtr operator()(const ast::Wildcard& node) const {  // count(t.*), ROW(t.*) see bind_list
    const StarColumns star = resolve_star(*place.scope, node.qualifier, position);
    return row_of(star.columns, star.level, position);
  }
  ExpressionPtr operator()(const ast::FieldAccess& node) const {
    return field_of(bind_expression(binding, *node.record, place), node.field);
  }
  ExpressionPtr operator()(const ast::FieldWildcard&) const {
    throw SqlError(sqlstate::feature_not_supported,
                   "wildcard expansion of a record is not allowed here")
        .position(position);
  }
  ExpressionPtr operator()(const ast::Subscript& node) const {
    return bind_subscript(binding, node, place, position);
  }
  ExpressionPtr operator()(const ast::And& node) const {
    return bound::conjunction(bind_booleans(binding, node.operands, place, "AND argument"));
  }
  ExpressionPtr operator()(const ast::Or& node) const {
    return bound::disjunction(bind_booleans(binding, node.operands, place, "OR argument"));
  }
  ExpressionPtr operator()(const ast::Not& node) const {
    return negation(bind_predicate(binding, *node.operand, place, "NOT argument"));
  }
  ExpressionPtr operator()(const ast::Unary& node) const {
    return bind_unary(binding, node, place, position);
  }
  ExpressionPtr operator()(const ast::Binary& node) const {
    return bind_binary(binding, node, place);
  }
  ExpressionPtr operator()(const ast::IsTest& node) const {
    return bind_is(binding, node, place, position);
  }
  ExpressionPtr operator()(const ast::IsDistinctFrom& node) const {
    return bind_is_distinct(binding, node, place, position);
  }
  ExpressionPtr operator()(const ast::Like& node) const {
    return bind_like(binding, node, place, position);
  }
  ExpressionPtr operator()(const ast::Between& node) const {
    return bind_between(binding, node, place, position);
  }
  ExpressionPtr operator()(const ast::InList& node) const {
    return bind_in_list(binding, node, place, position);
  }
  ExpressionPtr operator()(const ast::InSubquery& node) const {
    return bind_subquery(binding, node, place, position);
  }
  ExpressionPtr operator()(const ast::Exists& node) const {
    return bind_subquery(binding, node, place);
  }
  ExpressionPtr operator()(const ast::ScalarSubquery& node) const {
    return bind_subquery(binding, node, place, position);
  }
  ExpressionPtr operator()(const ast::Quantified& node) const {
    return bind_subquery(binding, node, place, position);
  }
  ExpressionPtr operator()(const ast::AtTimeZone& node) const {
    return bind_call_named(binding, "timezone", {*node.zone, *node.operand}, place, position);
  }
  ExpressionPtr operator()(const ast::Collate& node) const {
    const auto& parts = node.collation.parts;
    const bool builtin =
        parts.back().value == "default" && (parts.size() == 1 || parts[0].value == "pg_catalog");
    if (!builtin) {
      throw SqlError(sqlstate::feature_not_supported, "COLLATE not yet supported")
          .position(position);
    }
    return bind_expression(binding, *node.operand, place);
  }
  ExpressionPtr operator()(const ast::Cast& node) const {
    return bind_cast(binding, node, place, position);
  }
  ExpressionPtr operator()(const ast::Case& node) const {
    return bind_case(binding, node, place, position);
  }
  ExpressionPtr operator()(const ast::Choice& node) const {
    return bind_choice(binding, node, place, position);
  }
  ExpressionPtr operator()(const ast::NullIf& node) const {
    return bind_null_if(binding, node, place, position);
  }
  ExpressionPtr operator()(const ast::Collection& node) const {
    return bind_collection(binding, node, place, position);
  }
  ExpressionPtr operator()(const ast::MapConstructor& node) const {
    return bind_map_constructor(binding, node, place, position);
  }
  ExpressionPtr operator()(const ast::CollectionSubquery& node) const {
    return bind_subquery(binding, node, place, position);
  }
  ExpressionPtr operator()(const ast::Row& node) const {
    return bind_row(binding, node, place, position);
  }
  ExpressionPtr operator()(const ast::FunctionCall& node) const {
    return bind_function_call(binding, node, place, position);
  }
};

}  // namespace

ExpressionPtr bind_expression(Binding& binding, const ast::Expression& expression,
                              const Place& place) {
  return std::visit(ExpressionBinder{binding, place, expression.position}, expression.node);
}

ExpressionPtr bind_predicate(Binding& binding, const ast::Expression& expression,
                             const Place& place, std::string_view what) {
  ExpressionPtr bound = bind_expression(binding, expression, place);
  if (bound::is_unknown(bound))
    return coerce(binding, std::move(bound), TypeId::boolean, CastContext::implicit);
  if (bound->type.id() != TypeId::boolean) {
    throw SqlError(sqlstate::datatype_mismatch,
                   std::string(what) + " must have type boolean, not type " + bound->type.name())
        .position(expression.position);
  }
  return bound;
}

}  // namespace tailrace::engine
