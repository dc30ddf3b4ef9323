#include <unordered_map>

#include "engine/optimizer/rules.hpp"
#include "engine/plan/rewrite.hpp"

namespace tailrace::engine {

namespace {

using Uses = std::unordered_map<std::uint32_t, int>;

void count_uses(const PlanPtr& plan, int weight, Uses& uses) {
  if (const auto* get = std::get_if<plan::GetLocal>(&plan->node)) uses[get->id.value] += weight;
  // What a recursion reads it reads in every round: its value is worth keeping.
  const bool recursive = std::holds_alternative<plan::LetRec>(plan->node);
  for (const PlanPtr& child : children(*plan)) count_uses(child, recursive ? 2 : weight, uses);
}

bool is_leaf(const PlanPtr& plan) {
  return std::holds_alternative<plan::GetCollection>(plan->node) ||
         std::holds_alternative<plan::GetLocal>(plan->node) ||
         std::holds_alternative<plan::Constant>(plan->node);
}

// Cheap enough to be done at each use: a leaf, filtered and projected.
bool is_cheap(const PlanPtr& plan) {
  if (is_leaf(plan)) return true;
  const auto* node = std::get_if<plan::MapFilterProject>(&plan->node);
  return node != nullptr && node->maps.empty() && is_leaf(node->input);
}

using Values = std::unordered_map<std::uint32_t, PlanPtr>;

PlanPtr inlined(const PlanPtr& plan, const Uses& uses, Values& values) {
  if (const auto* get = std::get_if<plan::GetLocal>(&plan->node)) {
    const auto value = values.find(get->id.value);
    return value == values.end() ? plan : value->second;
  }
  if (const auto* node = std::get_if<plan::Let>(&plan->node)) {
    const auto found = uses.find(node->id.value);
    const int count = found == uses.end() ? 0 : found->second;
    if (count == 0) return inlined(node->body, uses, values);
    PlanPtr value = inlined(node->value, uses, values);
    if (count == 1 || is_cheap(value)) {
      values.emplace(node->id.value, std::move(value));
      return inlined(node->body, uses, values);
    }
    return replace_children(plan, {std::move(value), inlined(node->body, uses, values)});
  }
  std::vector<PlanPtr> inputs = children(*plan);
  for (PlanPtr& input : inputs) input = inlined(input, uses, values);
  return replace_children(plan, std::move(inputs));
}

}  // namespace

PlanPtr inline_lets(const PlanPtr& plan) {
  Uses uses;
  count_uses(plan, 1, uses);
  Values values;
  return inlined(plan, uses, values);
}

}  // namespace tailrace::engine
