#include <algorithm>
#include <limits>

#include "engine/functions/function.hpp"
#include "engine/optimizer/rules.hpp"
#include "engine/plan/rewrite.hpp"

namespace tailrace::engine {

namespace {

const Value* literal_of(const ScalarPtr& scalar) {
  const auto* node = std::get_if<scalar::Literal>(&scalar->node);
  return node == nullptr ? nullptr : &node->value;
}

bool is_boolean(const ScalarPtr& scalar, bool wanted) {
  const Value* value = literal_of(scalar);
  return value != nullptr && *value == Value(wanted);
}

bool is_null_literal(const ScalarPtr& scalar) {
  const Value* value = literal_of(scalar);
  return value != nullptr && is_null(*value);
}

ScalarPtr make(const Scalar& like, Scalar::Node node) {
  return std::make_shared<const Scalar>(Scalar{like.type, like.nullable, std::move(node)});
}

// `not`, `isnull`, ... of mz_internal.
bool is_internal(const scalar::Call& call, std::string_view name) {
  return call.function->name == name && call.function->schema == "mz_internal";
}

std::string_view mirrored(std::string_view symbol) {
  if (symbol == "=" || symbol == "<>") return symbol;
  if (symbol == "<") return ">";
  if (symbol == "<=") return ">=";
  if (symbol == ">") return "<";
  if (symbol == ">=") return "<=";
  return "";
}

const Function* operator_like(std::string_view symbol, const Function& like) {
  for (const Function* function : operators_named(symbol)) {
    if (function->takes.size() != like.takes.size()) continue;
    bool same = true;
    for (std::size_t i = 0; i < like.takes.size(); ++i) {
      same = same && function->takes[i].kind == like.takes[i].kind &&
             function->takes[i].type == like.takes[i].type;
    }
    if (same) return function;
  }
  return nullptr;
}

// 7 < #0 is #0 > 7.
ScalarPtr literal_to_the_right(const ScalarPtr& scalar, const scalar::Call& call) {
  if (!call.function->is_operator || call.arguments.size() != 2) return scalar;
  if (literal_of(call.arguments[0]) == nullptr || literal_of(call.arguments[1]) != nullptr)
    return scalar;
  const std::string_view symbol = mirrored(call.function->name);
  if (symbol.empty()) return scalar;
  const bool alike = call.function->takes[0].kind == call.function->takes[1].kind &&
                     call.function->takes[0].type == call.function->takes[1].type;
  const Function* function = alike ? operator_like(symbol, *call.function) : nullptr;
  if (function == nullptr) return scalar;
  return make(*scalar, scalar::Call{function, {call.arguments[1], call.arguments[0]}});
}

std::optional<std::int64_t> integer_of(const Value& value) {
  if (const auto* v = std::get_if<std::int16_t>(&value)) return *v;
  if (const auto* v = std::get_if<std::int32_t>(&value)) return *v;
  if (const auto* v = std::get_if<std::int64_t>(&value)) return *v;
  return std::nullopt;
}

std::optional<Value> integer_as(TypeId type, std::int64_t value) {
  if (type == TypeId::int2 && value >= std::numeric_limits<std::int16_t>::min() &&
      value <= std::numeric_limits<std::int16_t>::max()) {
    return Value(static_cast<std::int16_t>(value));
  }
  if (type == TypeId::int4 && value >= std::numeric_limits<std::int32_t>::min() &&
      value <= std::numeric_limits<std::int32_t>::max()) {
    return Value(static_cast<std::int32_t>(value));
  }
  return std::nullopt;
}

bool is_signed_integer(TypeId id) {
  return id == TypeId::int2 || id == TypeId::int4 || id == TypeId::int8;
}

// bigint(#0) = 7 is #0 = 7 in the narrower type, which an index on #0 can answer.
ScalarPtr without_widening(const ScalarPtr& scalar, const scalar::Call& call) {
  if (!call.function->is_operator || call.arguments.size() != 2 ||
      mirrored(call.function->name).empty()) {
    return scalar;
  }
  const auto* widened = std::get_if<scalar::Call>(&call.arguments[0]->node);
  const Value* value = literal_of(call.arguments[1]);
  if (widened == nullptr || value == nullptr || widened->arguments.size() != 1) return scalar;
  const Type& wide = call.arguments[0]->type;
  const Type& narrow = widened->arguments[0]->type;
  if (!is_signed_integer(wide.id()) || !is_signed_integer(narrow.id())) return scalar;
  if (find_cast(narrow, wide, CastContext::implicit) != widened->function) return scalar;
  const auto integer = integer_of(*value);
  const auto fitting = integer ? integer_as(narrow.id(), *integer) : std::nullopt;
  if (!fitting) return scalar;
  for (const Function* function : operators_named(call.function->name)) {
    const auto& takes = function->takes;
    if (takes.size() == 2 && takes[0].kind == Parameter::Kind::type &&
        takes[0].type == Type(narrow.id()) && takes[1].kind == Parameter::Kind::type &&
        takes[1].type == Type(narrow.id())) {
      return make(*scalar,
                  scalar::Call{function, {widened->arguments[0], literal(*fitting, narrow)}});
    }
  }
  return scalar;
}

ScalarPtr evaluated(const ScalarPtr& scalar, const SessionContext* session) {
  try {
    return literal(evaluate_constant(scalar, {.session = session}), scalar->type);
  } catch (const SqlError& error) {
    return make(*scalar, scalar::Error{DataError::from(error)});
  }
}

ScalarPtr fold_call(const ScalarPtr& scalar, const scalar::Call& call,
                    const SessionContext* session) {
  const Volatility volatility = call.function->volatility;
  const bool constant = volatility == Volatility::immutable ||
                        (volatility == Volatility::stable && session != nullptr);
  const auto is_literal = [](const ScalarPtr& argument) { return literal_of(argument) != nullptr; };
  if (constant && std::all_of(call.arguments.begin(), call.arguments.end(), is_literal)) {
    return evaluated(scalar, session);
  }
  if (call.function->nulls == Nulls::strict &&
      std::any_of(call.arguments.begin(), call.arguments.end(), is_null_literal) &&
      std::all_of(call.arguments.begin(), call.arguments.end(), is_infallible)) {
    return null_literal(scalar->type);
  }
  if (is_internal(call, "not")) {
    const auto* inner = std::get_if<scalar::Call>(&call.arguments[0]->node);
    if (inner != nullptr && is_internal(*inner, "not")) return inner->arguments[0];
  }
  if (is_internal(call, "isnull") && !call.arguments[0]->nullable &&
      is_infallible(call.arguments[0])) {
    return literal(false, TypeId::boolean);
  }
  const ScalarPtr turned = literal_to_the_right(scalar, call);
  return without_widening(turned, std::get<scalar::Call>(turned->node));
}

// AND (OR): `decides` is false (true). An operand that decides wins over errors too.
template <class Node>
ScalarPtr fold_connective(const ScalarPtr& scalar, const Node& node, bool decides) {
  std::vector<ScalarPtr> operands;
  const auto add = [&](const ScalarPtr& operand) {
    if (is_boolean(operand, !decides)) return;
    for (const ScalarPtr& known : operands) {
      if (equal(known, operand)) return;
    }
    operands.push_back(operand);
  };
  for (const ScalarPtr& operand : node.operands) {
    if (is_boolean(operand, decides)) return literal(decides, TypeId::boolean);
    if (const auto* nested = std::get_if<Node>(&operand->node)) {
      for (const ScalarPtr& inner : nested->operands) add(inner);
    } else {
      add(operand);
    }
  }
  if (operands.empty()) return literal(!decides, TypeId::boolean);
  if (operands.size() == 1) return operands.front();
  if (operands.size() == node.operands.size() &&
      std::equal(operands.begin(), operands.end(), node.operands.begin())) {
    return scalar;
  }
  return make(*scalar, Node{std::move(operands)});
}

ScalarPtr fold_case(const ScalarPtr& scalar, const scalar::Case& node) {
  scalar::Case made;
  made.otherwise = node.otherwise;
  for (const auto& branch : node.branches) {
    if (is_boolean(branch.condition, true)) {
      made.otherwise = branch.result;
      break;
    }
    if (literal_of(branch.condition) == nullptr) made.branches.push_back(branch);
  }
  if (made.branches.empty()) return made.otherwise;
  if (made.branches.size() == node.branches.size()) return scalar;
  return make(*scalar, std::move(made));
}

ScalarPtr fold_coalesce(const ScalarPtr& scalar, const scalar::Coalesce& node) {
  std::vector<ScalarPtr> operands;
  for (const ScalarPtr& operand : node.operands) {
    if (is_null_literal(operand)) continue;
    operands.push_back(operand);
    if (!operand->nullable) break;  // what follows is never asked
  }
  if (operands.empty()) return null_literal(scalar->type);
  if (operands.size() == 1) return operands.front();
  if (operands.size() == node.operands.size()) return scalar;
  return make(*scalar, scalar::Coalesce{std::move(operands)});
}

}  // namespace

ScalarPtr fold_scalar(const ScalarPtr& scalar, const SessionContext* session) {
  return rewrite_scalar(scalar, [&](const ScalarPtr& at) -> ScalarPtr {
    if (const auto* node = std::get_if<scalar::Call>(&at->node))
      return fold_call(at, *node, session);
    if (const auto* node = std::get_if<scalar::And>(&at->node))
      return fold_connective(at, *node, false);
    if (const auto* node = std::get_if<scalar::Or>(&at->node))
      return fold_connective(at, *node, true);
    if (const auto* node = std::get_if<scalar::Case>(&at->node)) return fold_case(at, *node);
    if (const auto* node = std::get_if<scalar::Coalesce>(&at->node))
      return fold_coalesce(at, *node);
    return at;
  });
}

PlanPtr fold_constants(const PlanPtr& plan, const SessionContext* session) {
  return rewrite_plan(plan, [&](const PlanPtr& node) {
    return rewrite_own_scalars(
        node, [&](const ScalarPtr& scalar) { return fold_scalar(scalar, session); });
  });
}

}  // namespace tailrace::engine
