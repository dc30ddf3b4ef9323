// Map/Filter/Project nodes as the rules work on them.
#pragma once

#include <optional>

#include "engine/plan/plan.hpp"

namespace tailrace::engine {

// `plan` as such a node; what is none becomes the identity over itself.
plan::MapFilterProject as_map_filter_project(const PlanPtr& plan);
bool is_identity(const plan::MapFilterProject& node);
// The node, or its input if it does nothing.
PlanPtr make_plan(plan::MapFilterProject node);
// A scalar over input columns and maps, over input columns alone.
ScalarPtr inline_maps(const plan::MapFilterProject& node, const ScalarPtr& scalar);
// What each output column is, over input columns alone.
std::vector<ScalarPtr> inlined_outputs(const plan::MapFilterProject& node);
// Number of nodes, to keep what is copied small.
std::size_t size_of(const ScalarPtr& scalar);
bool is_volatile(const ScalarPtr& scalar);

// The constant without rows, of the plan's types.
PlanPtr empty_like(const Plan& plan);
bool is_empty(const PlanPtr& plan);

}  // namespace tailrace::engine
