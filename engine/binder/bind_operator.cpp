// Operators and comparisons: overloads of the registry, rows field by field.
#include "engine/binder/binding.hpp"
#include "engine/binder/coerce.hpp"

namespace tailrace::engine {

using bound::ExpressionPtr;
using bound::Expressions;

namespace {

constexpr std::string_view cast_hint =
    "No operator matches the given name and argument types. You might need to add explicit type "
    "casts.";

std::string described(std::string_view symbol, const Expressions& operands) {
  if (operands.size() == 1) return std::string(symbol) + " " + operands[0]->type.name();
  return operands[0]->type.name() + " " + std::string(symbol) + " " + operands[1]->type.name();
}

[[noreturn]] void throw_unequal_rows(std::uint32_t position) {
  throw SqlError(sqlstate::syntax_error, "unequal number of entries in row expressions")
      .position(position);
}

}  // namespace

ExpressionPtr bind_operator(Binding& binding, const ast::OperatorName& name, Expressions operands,
                            std::uint32_t position) {
  std::vector<Signature> signatures;
  std::vector<const Function*> functions;
  for (const Function* function : operators_named(name.symbol)) {
    if (!name.schema.empty() && name.schema.back().value != function->schema) continue;
    functions.push_back(function);
    signatures.push_back(
        {function->takes, function->variadic, &function->gives, function->result_type});
  }
  std::vector<Type> types;
  for (const ExpressionPtr& operand : operands) types.push_back(operand->type);
  Overload overload = choose_overload(signatures, types, true);
  switch (overload.outcome) {
    case Overload::Outcome::chosen:
      break;
    case Overload::Outcome::ambiguous:
      throw SqlError(sqlstate::ambiguous_function,
                     "operator is not unique: " + described(name.symbol, operands))
          .hint(
              "Could not choose a best candidate operator. You might need to add explicit type "
              "casts.")
          .position(position);
    case Overload::Outcome::unknown_polymorphic:
      throw SqlError(sqlstate::datatype_mismatch,
                     "could not determine polymorphic type because input has type unknown")
          .position(position);
    case Overload::Outcome::none:
      throw SqlError(sqlstate::undefined_function,
                     "operator does not exist: " + described(name.symbol, operands))
          .hint(std::string(cast_hint))
          .position(position);
  }
  coerce_all(binding, operands, overload.argument_types);
  return bound::call(*functions[overload.index], std::move(operands), overload.result, position);
}

ExpressionPtr bind_comparison(Binding& binding, std::string_view symbol, ExpressionPtr left,
                              ExpressionPtr right, std::uint32_t position) {
  const bool rows = std::holds_alternative<bound::Row>(left->node) &&
                    std::holds_alternative<bound::Row>(right->node);
  const bool comparison = symbol == "=" || symbol == "<>" || symbol == "<" || symbol == "<=" ||
                          symbol == ">" || symbol == ">=";
  const ast::OperatorName name{.symbol = std::string(symbol), .position = position};
  if (!rows || !comparison) {
    return bind_operator(binding, name, {std::move(left), std::move(right)}, position);
  }
  const Expressions& a = left->operands;
  const Expressions& b = right->operands;
  if (a.size() != b.size()) throw_unequal_rows(position);
  if (a.empty()) {
    throw SqlError(sqlstate::feature_not_supported, "cannot compare rows of zero length")
        .position(position);
  }
  if (symbol == "=" || symbol == "<>") {
    Expressions equalities;
    for (std::size_t i = 0; i < a.size(); ++i) {
      equalities.push_back(bind_comparison(binding, "=", a[i], b[i], position));
    }
    ExpressionPtr equal = bound::conjunction(std::move(equalities));
    return symbol == "=" ? equal : negation(std::move(equal));
  }
  // a1 < b1 OR (a1 = b1 AND (a2 < b2 OR ...)); the last field decides with the operator itself.
  const std::string_view strict = symbol.substr(0, 1);
  ExpressionPtr result = bind_comparison(binding, symbol, a.back(), b.back(), position);
  for (std::size_t i = a.size() - 1; i-- > 0;) {
    ExpressionPtr equal = bind_comparison(binding, "=", a[i], b[i], position);
    result = bound::disjunction({bind_comparison(binding, strict, a[i], b[i], position),
                                 bound::conjunction({std::move(equal), std::move(result)})});
  }
  return result;
}

}  // namespace tailrace::engine
