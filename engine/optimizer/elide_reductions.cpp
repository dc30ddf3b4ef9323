#include <algorithm>
#include <map>
#include <set>

#include "engine/optimizer/map_filter.hpp"
#include "engine/optimizer/rules.hpp"
#include "engine/plan/rewrite.hpp"

namespace tailrace::engine {

namespace {

using Key = std::set<int>;
using Keys = std::vector<Key>;
using LocalKeys = std::map<std::uint32_t, Keys>;

// Sets of columns no two rows agree on (in SQL's equality), each row being there once at most.
Keys unique_keys(const PlanPtr& plan, const LocalKeys& locals) {
  if (const auto* node = std::get_if<plan::GetLocal>(&plan->node)) {
    const auto found = locals.find(node->id.value);
    return found == locals.end() ? Keys() : found->second;
  }
  if (const auto* node = std::get_if<plan::Reduce>(&plan->node)) {
    Key key;
    for (std::size_t i = 0; i < node->group_key.size(); ++i) key.insert(static_cast<int>(i));
    return {key};
  }
  if (const auto* node = std::get_if<plan::Constant>(&plan->node)) {
    const bool single = !node->error && node->rows->rows == 1 && node->rows->diffs[0] == 1;
    return single ? Keys{Key()} : Keys();
  }
  if (const auto* node = std::get_if<plan::MapFilterProject>(&plan->node)) {
    Keys keys;
    for (const Key& key : unique_keys(node->input, locals)) {
      Key moved;
      for (const int column : key) {
        const auto at = std::find(node->projection.begin(), node->projection.end(), column);
        if (at != node->projection.end())
          moved.insert(static_cast<int>(at - node->projection.begin()));
      }
      if (moved.size() == key.size()) keys.push_back(std::move(moved));
    }
    return keys;
  }
  if (const auto* node = std::get_if<plan::TopK>(&plan->node)) {
    Keys keys = unique_keys(node->input, locals);
    if (node->limit == 1U) keys.emplace_back(node->group_key.begin(), node->group_key.end());
    return keys;
  }
  if (const auto* node = std::get_if<plan::Let>(&plan->node)) {
    LocalKeys inner = locals;
    inner[node->id.value] = unique_keys(node->value, locals);
    return unique_keys(node->body, inner);
  }
  if (const auto* node = std::get_if<plan::ArrangeBy>(&plan->node))
    return unique_keys(node->input, locals);
  return {};
}

PlanPtr without_reduction(const PlanPtr& plan, const plan::Reduce& node, const LocalKeys& locals) {
  if (!node.aggregates.empty()) return plan;
  std::set<int> grouped;
  for (const ScalarPtr& scalar : node.group_key) {
    if (const auto* reference = std::get_if<scalar::Column>(&scalar->node))
      grouped.insert(reference->index);
  }
  for (const Key& key : unique_keys(node.input, locals)) {
    if (!std::includes(grouped.begin(), grouped.end(), key.begin(), key.end())) continue;
    plan::MapFilterProject made{.input = node.input, .maps = node.group_key};
    const int width = static_cast<int>(node.input->types.size());
    for (std::size_t i = 0; i < node.group_key.size(); ++i)
      made.projection.push_back(width + static_cast<int>(i));
    return make_plan(std::move(made));
  }
  return plan;
}

PlanPtr elide(const PlanPtr& plan, LocalKeys& locals) {
  std::vector<PlanPtr> inputs = children(*plan);
  if (const auto* node = std::get_if<plan::Let>(&plan->node)) {
    inputs[0] = elide(inputs[0], locals);
    locals[node->id.value] = unique_keys(inputs[0], locals);
    inputs[1] = elide(inputs[1], locals);
    return replace_children(plan, std::move(inputs));
  }
  for (PlanPtr& input : inputs) input = elide(input, locals);
  PlanPtr made = replace_children(plan, std::move(inputs));
  const auto* node = std::get_if<plan::Reduce>(&made->node);
  return node == nullptr ? made : without_reduction(made, *node, locals);
}

}  // namespace

PlanPtr elide_reductions(const PlanPtr& plan) {
  LocalKeys locals;
  return elide(plan, locals);
}

}  // namespace tailrace::engine
