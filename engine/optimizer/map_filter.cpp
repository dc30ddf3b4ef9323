#include "engine/optimizer/map_filter.hpp"

#include <numeric>

#include "engine/functions/function.hpp"
#include "engine/plan/rewrite.hpp"

namespace tailrace::engine {

plan::MapFilterProject as_map_filter_project(const PlanPtr& plan) {
  if (const auto* node = std::get_if<plan::MapFilterProject>(&plan->node)) return *node;
  plan::MapFilterProject identity{.input = plan};
  identity.projection.resize(plan->types.size());
  std::iota(identity.projection.begin(), identity.projection.end(), 0);
  return identity;
}

bool is_identity(const plan::MapFilterProject& node) {
  if (!node.maps.empty() || !node.predicates.empty() || !node.valid_from.empty() ||
      !node.valid_until.empty() || node.projection.size() != node.input->types.size()) {
    return false;
  }
  for (std::size_t i = 0; i < node.projection.size(); ++i) {
    if (node.projection[i] != static_cast<int>(i)) return false;
  }
  return true;
}

PlanPtr make_plan(plan::MapFilterProject node) {
  if (is_identity(node)) return node.input;
  return map_filter_project(std::move(node));
}

namespace {

std::vector<ScalarPtr> definitions(const plan::MapFilterProject& node) {
  std::vector<ScalarPtr> columns;
  for (std::size_t i = 0; i < node.input->types.size(); ++i) {
    columns.push_back(column(static_cast<int>(i), node.input->types[i], node.input->nullable[i]));
  }
  for (const ScalarPtr& scalar : node.maps) columns.push_back(substitute(scalar, columns));
  return columns;
}

}  // namespace

ScalarPtr inline_maps(const plan::MapFilterProject& node, const ScalarPtr& scalar) {
  if (node.maps.empty()) return scalar;
  return substitute(scalar, definitions(node));
}

std::vector<ScalarPtr> inlined_outputs(const plan::MapFilterProject& node) {
  const std::vector<ScalarPtr> columns = definitions(node);
  std::vector<ScalarPtr> outputs;
  for (const int index : node.projection)
    outputs.push_back(columns.at(static_cast<std::size_t>(index)));
  return outputs;
}

std::size_t size_of(const ScalarPtr& scalar) {
  std::size_t size = 1;
  for (const ScalarPtr& operand : operands_of(*scalar)) size += size_of(operand);
  return size;
}

bool is_volatile(const ScalarPtr& scalar) {
  if (const auto* call = std::get_if<scalar::Call>(&scalar->node)) {
    if (call->function->volatility == Volatility::volatile_) return true;
  }
  for (const ScalarPtr& operand : operands_of(*scalar)) {
    if (is_volatile(operand)) return true;
  }
  return false;
}

PlanPtr empty_like(const Plan& plan) {
  return constant(empty_batch(plan.types), plan.types);
}

bool is_empty(const PlanPtr& plan) {
  const auto* node = std::get_if<plan::Constant>(&plan->node);
  return node != nullptr && !node->error && node->rows->rows == 0;
}

}  // namespace tailrace::engine
