// Bound expressions as scalars of a plan.
#pragma once

#include <functional>

#include "engine/binder/bound.hpp"

namespace tailrace::engine {

// `leaf(e)` gives the scalar for column references and subqueries; everything else is translated
// here.
using LeafLowering = std::function<ScalarPtr(const bound::Expression&)>;
ScalarPtr to_scalar(const bound::ExpressionPtr& expression, const LeafLowering& leaf);
// Without subqueries; level 0 columns stay as they are numbered.
ScalarPtr to_scalar(const bound::ExpressionPtr& expression);

}  // namespace tailrace::engine
