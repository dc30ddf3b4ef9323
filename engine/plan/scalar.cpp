#include "engine/plan/scalar.hpp"

#include "engine/functions/function.hpp"
#include "repr/order.hpp"
#include "repr/overloaded.hpp"

namespace tailrace::engine {

namespace {

ScalarPtr make(Type type, bool nullable, Scalar::Node node) {
  return std::make_shared<const Scalar>(Scalar{std::move(type), nullable, std::move(node)});
}

std::vector<ScalarPtr> operands_of(const Scalar& scalar) {
  return std::visit(Overloaded{
                        [](const scalar::Call& node) { return node.arguments; },
                        [](const scalar::And& node) { return node.operands; },
                        [](const scalar::Or& node) { return node.operands; },
                        [](const scalar::Coalesce& node) { return node.operands; },
                        [](const scalar::Case& node) {
                          std::vector<ScalarPtr> all;
                          for (const auto& branch : node.branches) {
                            all.push_back(branch.condition);
                            all.push_back(branch.result);
                          }
                          all.push_back(node.otherwise);
                          return all;
                        },
                        [](const auto&) { return std::vector<ScalarPtr>(); },
                    },
                    scalar.node);
}

ScalarPtr with_operands(const Scalar& scalar, std::vector<ScalarPtr> operands) {
  Scalar::Node node = scalar.node;
  std::visit(Overloaded{
                 [&](scalar::Call& call) { call.arguments = std::move(operands); },
                 [&](scalar::And& both) { both.operands = std::move(operands); },
                 [&](scalar::Or& either) { either.operands = std::move(operands); },
                 [&](scalar::Coalesce& coalesce) { coalesce.operands = std::move(operands); },
                 [&](scalar::Case& cases) {
                   for (std::size_t i = 0; i < cases.branches.size(); ++i) {
                     cases.branches[i] = {operands[2 * i], operands[2 * i + 1]};
                   }
                   cases.otherwise = operands.back();
                 },
                 [](auto&) {},
             },
             node);
  return make(scalar.type, scalar.nullable, std::move(node));
}

// Rebuilds bottom-up what `leaf` changes; subtrees without a change are shared.
template <class Leaf>
ScalarPtr rewrite_columns(const ScalarPtr& scalar, const Leaf& leaf) {
  if (const auto* reference = std::get_if<scalar::Column>(&scalar->node))
    return leaf(scalar, reference->index);
  std::vector<ScalarPtr> operands = operands_of(*scalar);
  bool changed = false;
  for (ScalarPtr& operand : operands) {
    ScalarPtr rewritten = rewrite_columns(operand, leaf);
    changed = changed || rewritten != operand;
    operand = std::move(rewritten);
  }
  return changed ? with_operands(*scalar, std::move(operands)) : scalar;
}

}  // namespace

ScalarPtr column(int index, Type type, bool nullable) {
  return make(std::move(type), nullable, scalar::Column{index});
}
ScalarPtr literal(Value value, Type type) {
  const bool nullable = is_null(value);
  return make(std::move(type), nullable, scalar::Literal{std::move(value)});
}
ScalarPtr null_literal(Type type) {
  return literal(Null{}, std::move(type));
}
ScalarPtr true_literal() {
  return literal(true, TypeId::boolean);
}
ScalarPtr call(const Function& function, std::vector<ScalarPtr> arguments, Type type,
               bool nullable) {
  return make(std::move(type), nullable, scalar::Call{&function, std::move(arguments)});
}
ScalarPtr conjunction(std::vector<ScalarPtr> operands) {
  if (operands.empty()) return true_literal();
  if (operands.size() == 1) return operands.front();
  bool nullable = false;
  for (const auto& operand : operands) nullable = nullable || operand->nullable;
  return make(TypeId::boolean, nullable, scalar::And{std::move(operands)});
}

bool equal(const ScalarPtr& a, const ScalarPtr& b) {
  if (a == b) return true;
  if (a->node.index() != b->node.index() || !(a->type == b->type)) return false;
  const bool same_head = std::visit(
      Overloaded{
          [&](const scalar::Column& node) {
            return node.index == std::get<scalar::Column>(b->node).index;
          },
          [&](const scalar::Literal& node) {
            const Value& other = std::get<scalar::Literal>(b->node).value;
            return compare_values(a->type, node.value, other, Equality::identity) == 0;
          },
          [&](const scalar::Error& node) {
            const DataError& other = std::get<scalar::Error>(b->node).error;
            return node.error.state == other.state && node.error.message == other.message;
          },
          [&](const scalar::Call& node) {
            return node.function == std::get<scalar::Call>(b->node).function;
          },
          [&](const scalar::Parameter& node) {
            return node.number == std::get<scalar::Parameter>(b->node).number;
          },
          [](const auto&) { return true; },
      },
      a->node);
  if (!same_head) return false;
  const std::vector<ScalarPtr> left = operands_of(*a);
  const std::vector<ScalarPtr> right = operands_of(*b);
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (!equal(left[i], right[i])) return false;
  }
  return true;
}

std::size_t hash(const ScalarPtr& scalar) {
  std::size_t result = scalar->node.index() * 0x9e3779b97f4a7c15u;
  const auto mix = [&](std::size_t value) {
    result = (result ^ value) * 0xff51afd7ed558ccdu + (result >> 29);
  };
  if (const auto* node = std::get_if<scalar::Column>(&scalar->node))
    mix(static_cast<std::size_t>(node->index));
  if (const auto* node = std::get_if<scalar::Literal>(&scalar->node)) {
    mix(hash_value(scalar->type, node->value, Equality::identity));
  }
  if (const auto* node = std::get_if<scalar::Call>(&scalar->node))
    mix(std::hash<const void*>()(node->function));
  for (const auto& operand : operands_of(*scalar)) mix(hash(operand));
  return result;
}

ScalarPtr substitute(const ScalarPtr& scalar, const std::vector<ScalarPtr>& to) {
  return rewrite_columns(
      scalar, [&](const ScalarPtr&, int index) { return to.at(static_cast<std::size_t>(index)); });
}

ScalarPtr renumber(const ScalarPtr& scalar, const std::vector<int>& map) {
  return rewrite_columns(scalar, [&](const ScalarPtr& reference, int index) {
    const int target = map.at(static_cast<std::size_t>(index));
    ensure(target >= 0, "a scalar uses a column that was projected away");
    return target == index ? reference : column(target, reference->type, reference->nullable);
  });
}

ScalarPtr shift_columns(const ScalarPtr& scalar, int offset) {
  if (offset == 0) return scalar;
  return rewrite_columns(scalar, [&](const ScalarPtr& reference, int index) {
    return column(index + offset, reference->type, reference->nullable);
  });
}

void collect_columns(const ScalarPtr& scalar, std::vector<bool>& used) {
  if (const auto* reference = std::get_if<scalar::Column>(&scalar->node)) {
    const auto index = static_cast<std::size_t>(reference->index);
    if (used.size() <= index) used.resize(index + 1);
    used[index] = true;
  }
  for (const auto& operand : operands_of(*scalar)) collect_columns(operand, used);
}

bool contains_mz_now(const ScalarPtr& scalar) {
  if (std::holds_alternative<scalar::MzNow>(scalar->node)) return true;
  for (const auto& operand : operands_of(*scalar)) {
    if (contains_mz_now(operand)) return true;
  }
  return false;
}

bool is_infallible(const ScalarPtr& scalar) {
  if (std::holds_alternative<scalar::Error>(scalar->node)) return false;
  if (const auto* node = std::get_if<scalar::Call>(&scalar->node)) {
    if (!node->function->infallible) return false;
  }
  for (const auto& operand : operands_of(*scalar)) {
    if (!is_infallible(operand)) return false;
  }
  return true;
}

}  // namespace tailrace::engine
