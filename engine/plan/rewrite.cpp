#include "engine/plan/rewrite.hpp"

namespace tailrace::engine {

std::vector<ScalarPtr> operands_of(const Scalar& scalar) {
  if (const auto* node = std::get_if<scalar::Call>(&scalar.node)) return node->arguments;
  if (const auto* node = std::get_if<scalar::And>(&scalar.node)) return node->operands;
  if (const auto* node = std::get_if<scalar::Or>(&scalar.node)) return node->operands;
  if (const auto* node = std::get_if<scalar::Coalesce>(&scalar.node)) return node->operands;
  std::vector<ScalarPtr> all;
  if (const auto* node = std::get_if<scalar::Case>(&scalar.node)) {
    for (const auto& branch : node->branches) {
      all.push_back(branch.condition);
      all.push_back(branch.result);
    }
    all.push_back(node->otherwise);
  }
  return all;
}

ScalarPtr with_operands(const Scalar& scalar, std::vector<ScalarPtr> operands) {
  Scalar changed = scalar;
  if (auto* node = std::get_if<scalar::Call>(&changed.node)) node->arguments = std::move(operands);
  if (auto* node = std::get_if<scalar::And>(&changed.node)) node->operands = std::move(operands);
  if (auto* node = std::get_if<scalar::Or>(&changed.node)) node->operands = std::move(operands);
  if (auto* node = std::get_if<scalar::Coalesce>(&changed.node))
    node->operands = std::move(operands);
  if (auto* node = std::get_if<scalar::Case>(&changed.node)) {
    for (std::size_t i = 0; i < node->branches.size(); ++i)
      node->branches[i] = {operands[2 * i], operands[2 * i + 1]};
    node->otherwise = operands.back();
  }
  return std::make_shared<const Scalar>(std::move(changed));
}

ScalarPtr rewrite_scalar(const ScalarPtr& scalar, const ScalarChange& change) {
  std::vector<ScalarPtr> operands = operands_of(*scalar);
  bool changed = false;
  for (ScalarPtr& operand : operands) {
    ScalarPtr rewritten = rewrite_scalar(operand, change);
    changed = changed || rewritten != operand;
    operand = std::move(rewritten);
  }
  return change(changed ? with_operands(*scalar, std::move(operands)) : scalar);
}

PlanPtr replace_children(const PlanPtr& plan, std::vector<PlanPtr> replacements) {
  if (replacements == children(*plan)) return plan;
  return with_children(*plan, std::move(replacements));
}

PlanPtr rewrite_plan(const PlanPtr& plan, const PlanChange& change) {
  std::vector<PlanPtr> inputs = children(*plan);
  for (PlanPtr& input : inputs) input = rewrite_plan(input, change);
  return change(replace_children(plan, std::move(inputs)));
}

namespace {

struct ScalarLists {
  const ScalarChange& change;
  bool changed = false;

  void one(ScalarPtr& scalar) {
    if (!scalar) return;
    ScalarPtr rewritten = change(scalar);
    changed = changed || rewritten != scalar;
    scalar = std::move(rewritten);
  }
  void all(std::vector<ScalarPtr>& scalars) {
    for (ScalarPtr& scalar : scalars) one(scalar);
  }
  void all(std::vector<std::vector<ScalarPtr>>& lists) {
    for (auto& list : lists) all(list);
  }
};

}  // namespace

PlanPtr rewrite_own_scalars(const PlanPtr& plan, const ScalarChange& change) {
  ScalarLists lists{change};
  if (const auto* node = std::get_if<plan::MapFilterProject>(&plan->node)) {
    plan::MapFilterProject made = *node;
    lists.all(made.maps);
    lists.all(made.predicates);
    lists.all(made.valid_from);
    lists.all(made.valid_until);
    return lists.changed ? map_filter_project(std::move(made)) : plan;
  }
  if (const auto* node = std::get_if<plan::FlatMap>(&plan->node)) {
    plan::FlatMap made = *node;
    lists.all(made.arguments);
    return lists.changed ? flat_map(std::move(made)) : plan;
  }
  if (const auto* node = std::get_if<plan::Join>(&plan->node)) {
    auto equivalences = node->equivalences;
    lists.all(equivalences);
    return lists.changed ? join(node->inputs, std::move(equivalences)) : plan;
  }
  if (const auto* node = std::get_if<plan::Reduce>(&plan->node)) {
    plan::Reduce made = *node;
    lists.all(made.group_key);
    for (plan::Aggregate& aggregate : made.aggregates) {
      lists.all(aggregate.arguments);
      lists.one(aggregate.filter);
      for (auto& key : aggregate.order_by) lists.one(key.key);
    }
    return lists.changed ? reduce(std::move(made)) : plan;
  }
  if (const auto* node = std::get_if<plan::ArrangeBy>(&plan->node)) {
    auto keys = node->keys;
    lists.all(keys);
    return lists.changed ? arrange_by(node->input, std::move(keys)) : plan;
  }
  if (const auto* node = std::get_if<plan::Window>(&plan->node)) {
    plan::Window made = *node;
    for (auto& expression : made.expressions) lists.all(expression.arguments);
    return lists.changed ? window(std::move(made)) : plan;
  }
  return plan;
}

}  // namespace tailrace::engine
