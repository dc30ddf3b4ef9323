// Walking and changing plans and scalars from the bottom up; what does not change stays the same
// object.
#pragma once

#include <functional>
#include <vector>

#include "engine/plan/plan.hpp"

namespace tailrace::engine {

// The direct operands of a scalar, in order (of a Case: condition, result, ..., otherwise).
std::vector<ScalarPtr> operands_of(const Scalar& scalar);
ScalarPtr with_operands(const Scalar& scalar, std::vector<ScalarPtr> operands);

using ScalarChange = std::function<ScalarPtr(const ScalarPtr&)>;
// `change` sees each scalar after its operands were rewritten.
ScalarPtr rewrite_scalar(const ScalarPtr& scalar, const ScalarChange& change);

using PlanChange = std::function<PlanPtr(const PlanPtr&)>;
// `change` sees each node after its inputs were rewritten.
PlanPtr rewrite_plan(const PlanPtr& plan, const PlanChange& change);
// The node with other inputs; the same object if they are.
PlanPtr replace_children(const PlanPtr& plan, std::vector<PlanPtr> children);
// The node with its own scalars changed, inputs not.
PlanPtr rewrite_own_scalars(const PlanPtr& plan, const ScalarChange& change);

}  // namespace tailrace::engine
