#include "engine/optimizer/map_filter.hpp"
#include "engine/optimizer/rules.hpp"
#include "engine/plan/rewrite.hpp"

namespace tailrace::engine {

namespace {

bool never_true(const std::vector<ScalarPtr>& predicates) {
  for (const ScalarPtr& predicate : predicates) {
    const auto* literal = std::get_if<scalar::Literal>(&predicate->node);
    if (literal != nullptr && !(literal->value == Value(true))) return true;
  }
  return false;
}

PlanPtr without_empty_inputs(const PlanPtr& plan, const plan::Union& node) {
  std::vector<PlanPtr> inputs;
  for (const PlanPtr& input : node.inputs) {
    if (!is_empty(input)) inputs.push_back(input);
  }
  if (inputs.size() == node.inputs.size()) return plan;
  return inputs.empty() ? empty_like(*plan) : union_all(std::move(inputs));
}

PlanPtr propagate(const PlanPtr& plan) {
  if (const auto* node = std::get_if<plan::Union>(&plan->node))
    return without_empty_inputs(plan, *node);
  if (const auto* node = std::get_if<plan::MapFilterProject>(&plan->node)) {
    return is_empty(node->input) || never_true(node->predicates) ? empty_like(*plan) : plan;
  }
  if (const auto* node = std::get_if<plan::Join>(&plan->node)) {
    for (const PlanPtr& input : node->inputs) {
      if (is_empty(input)) return empty_like(*plan);
    }
    return plan;
  }
  if (const auto* node = std::get_if<plan::TopK>(&plan->node)) {
    return is_empty(node->input) || node->limit == 0U ? empty_like(*plan) : plan;
  }
  if (std::holds_alternative<plan::Let>(plan->node) ||
      std::holds_alternative<plan::LetRec>(plan->node))
    return plan;
  const std::vector<PlanPtr> inputs = children(*plan);
  return inputs.size() == 1 && is_empty(inputs[0]) ? empty_like(*plan) : plan;
}

}  // namespace

PlanPtr propagate_empty(const PlanPtr& plan) {
  return rewrite_plan(plan, propagate);
}

}  // namespace tailrace::engine
