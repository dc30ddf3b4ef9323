#include "engine/optimizer/map_filter.hpp"
#include "engine/optimizer/rules.hpp"
#include "engine/plan/rewrite.hpp"

namespace tailrace::engine {

namespace {

bool same_scalars(const std::vector<ScalarPtr>& a, const std::vector<ScalarPtr>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!equal(a[i], b[i]) || is_volatile(a[i])) return false;
  }
  return true;
}

// The same rows for certain; false where it would take longer to see.
bool same_plan(const PlanPtr& a, const PlanPtr& b) {
  if (a == b) return true;
  if (a->node.index() != b->node.index()) return false;
  if (const auto* x = std::get_if<plan::GetLocal>(&a->node))
    return x->id == std::get<plan::GetLocal>(b->node).id;
  if (const auto* x = std::get_if<plan::GetCollection>(&a->node)) {
    return x->collection == std::get<plan::GetCollection>(b->node).collection;
  }
  if (const auto* x = std::get_if<plan::MapFilterProject>(&a->node)) {
    const auto& y = std::get<plan::MapFilterProject>(b->node);
    return x->projection == y.projection && same_scalars(x->maps, y.maps) &&
           same_scalars(x->predicates, y.predicates) && same_scalars(x->valid_from, y.valid_from) &&
           same_scalars(x->valid_until, y.valid_until) && same_plan(x->input, y.input);
  }
  return false;
}

const PlanPtr* negated(const PlanPtr& plan) {
  const auto* node = std::get_if<plan::Negate>(&plan->node);
  return node == nullptr ? nullptr : &node->input;
}

PlanPtr flatten_union(const PlanPtr& plan, const plan::Union& node) {
  std::vector<PlanPtr> inputs;
  bool changed = false;
  const auto add = [&](const PlanPtr& input) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const PlanPtr* left = negated(inputs[i]);
      const PlanPtr* right = negated(input);
      const bool cancels = (left != nullptr && right == nullptr && same_plan(*left, input)) ||
                           (right != nullptr && left == nullptr && same_plan(*right, inputs[i]));
      if (!cancels) continue;
      inputs.erase(inputs.begin() + static_cast<std::ptrdiff_t>(i));
      changed = true;
      return;
    }
    inputs.push_back(input);
  };
  for (const PlanPtr& input : node.inputs) {
    if (const auto* inner = std::get_if<plan::Union>(&input->node)) {
      for (const PlanPtr& one : inner->inputs) add(one);
      changed = true;
    } else {
      add(input);
    }
  }
  if (!changed) return plan;
  return inputs.empty() ? empty_like(*plan) : union_all(std::move(inputs));
}

PlanPtr flatten(const PlanPtr& plan) {
  if (const auto* node = std::get_if<plan::Union>(&plan->node)) return flatten_union(plan, *node);
  if (const auto* node = std::get_if<plan::Negate>(&plan->node)) {
    if (const PlanPtr* inner = negated(node->input)) return *inner;
  }
  return plan;
}

}  // namespace

PlanPtr flatten_unions(const PlanPtr& plan) {
  return rewrite_plan(plan, flatten);
}

}  // namespace tailrace::engine
