// count(..), sum(..), ...: nodes that bind_select moves into a Reduce.
#include "engine/binder/binding.hpp"
#include "engine/binder/coerce.hpp"
#include "engine/functions/aggregate.hpp"

namespace tailrace::engine {

using bound::ExpressionPtr;
using bound::Expressions;

namespace {

bool allows_aggregates(Clause clause) {
  switch (clause) {
    case Clause::select_list:
    case Clause::having:
    case Clause::qualify:
    case Clause::order_by:
    case Clause::distinct_on:
    case Clause::window:
      return true;
    default:
      return false;
  }
}

std::string listed(const Expressions& arguments) {
  std::string text;
  for (const ExpressionPtr& argument : arguments)
    text += (text.empty() ? "" : ", ") + argument->type.name();
  return text;
}

struct ChosenAggregate {
  const AggregateFunction* function = nullptr;
  Type type;
};

ChosenAggregate choose_aggregate(Binding& binding, std::string_view name, Expressions& arguments,
                                 std::uint32_t position) {
  const auto functions = aggregates_named(name);
  std::vector<Signature> signatures;
  for (const AggregateFunction* function : functions) {
    signatures.push_back({.takes = function->takes,
                          .gives = &function->gives,
                          .result_type = function->result_type});
  }
  std::vector<Type> types;
  for (const ExpressionPtr& argument : arguments) types.push_back(argument->type);
  Overload overload = choose_overload(signatures, types, false);
  if (overload.outcome != Overload::Outcome::chosen) {
    const std::string call = "function " + std::string(name) + "(" + listed(arguments) + ") ";
    switch (overload.outcome) {
      case Overload::Outcome::ambiguous:
        throw SqlError(sqlstate::ambiguous_function, call + "is not unique")
            .hint(
                "Could not choose a best candidate function. You might need to add explicit type "
                "casts.")
            .position(position);
      case Overload::Outcome::unknown_polymorphic:
        throw SqlError(sqlstate::datatype_mismatch,
                       "could not determine polymorphic type because input has type unknown")
            .position(position);
      default:
        throw SqlError(sqlstate::undefined_function, call + "does not exist")
            .hint(
                "No function matches the given name and argument types. You might need to add "
                "explicit type casts.")
            .position(position);
    }
  }
  coerce_all(binding, arguments, overload.argument_types);
  return {functions[overload.index], overload.result};
}

bool null_on_no_input(std::string_view name) {
  return name != "count";
}

}  // namespace

ExpressionPtr make_aggregate(std::string_view name, Expressions arguments) {
  std::vector<Signature> signatures;
  const auto functions = aggregates_named(name);
  for (const AggregateFunction* function : functions) {
    signatures.push_back({.takes = function->takes,
                          .gives = &function->gives,
                          .result_type = function->result_type});
  }
  std::vector<Type> types;
  for (const ExpressionPtr& argument : arguments) types.push_back(argument->type);
  const Overload overload = choose_overload(signatures, types, false);
  if (overload.outcome != Overload::Outcome::chosen) throw unsupported(name);
  bound::Aggregate node{.function = functions[overload.index], .arguments = arguments.size()};
  bound::Expression made{.type = overload.result,
                         .nullable = null_on_no_input(name),
                         .node = std::move(node),
                         .operands = std::move(arguments)};
  return bound::make(std::move(made));
}

ExpressionPtr bind_aggregate(Binding& binding, const ast::FunctionCall& call, const Place& place,
                             std::uint32_t position) {
  const std::string& name = call.name.last();
  if (!allows_aggregates(place.clause)) {
    if (place.clause == Clause::table_function) {
      throw SqlError(sqlstate::grouping_error,
                     "aggregate functions are not supported in functions in FROM")
          .position(position);
    }
    throw SqlError(sqlstate::grouping_error, "aggregate functions are not allowed in " +
                                                 std::string(words_for(place.clause)) +
                                                 " (function pg_catalog." + name + ")")
        .position(position);
  }
  if (call.star && call.distinct) {
    throw SqlError(sqlstate::syntax_error, "DISTINCT * not supported as function args")
        .position(position);
  }
  if (!call.star && call.arguments.empty()) {
    throw SqlError(sqlstate::wrong_object_type,
                   name + "(*) must be used to call a parameterless aggregate function")
        .position(position);
  }
  const Place inner = place.in(Clause::aggregate).inside("aggregate function calls");
  Expressions operands;
  for (const ast::Expression& argument : call.arguments) {
    operands.push_back(bind_expression(binding, argument, inner));
  }
  const ChosenAggregate chosen = choose_aggregate(binding, name, operands, position);
  bound::Aggregate node{
      .function = chosen.function, .distinct = call.distinct, .arguments = operands.size()};
  for (const ast::OrderItem& item : call.order_by) {
    operands.push_back(coerce_unknown(binding, bind_expression(binding, *item.expression, inner)));
    const bool nulls_first = item.nulls ? *item.nulls == ast::NullsOrder::first : item.descending;
    node.order.push_back({item.descending, nulls_first});
  }
  if (call.filter) {
    operands.push_back(bind_predicate(
        binding, **call.filter, place.in(Clause::filter).inside("FILTER"), "FILTER argument"));
    node.filter = true;
  }
  bool uses_own = operands.empty();
  bool uses_outer = false;
  for (const ExpressionPtr& operand : operands) {
    uses_own = uses_own || bound::uses_level(operand, 0) || operand->escapes == 0;
    uses_outer = uses_outer || operand->escapes > 0;
  }
  if (uses_outer && !uses_own) {
    throw SqlError(sqlstate::feature_not_supported,
                   "aggregate functions that refer exclusively to outer columns not yet supported")
        .position(position);
  }
  bound::Expression made{.type = chosen.type,
                         .nullable = null_on_no_input(name),
                         .node = std::move(node),
                         .operands = std::move(operands),
                         .position = position};
  return bound::make(std::move(made));
}

}  // namespace tailrace::engine
