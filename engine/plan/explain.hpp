// Plans as text, for EXPLAIN and tests: one operator a line, inputs indented below it.
#pragma once

#include <string>
#include <vector>

#include "engine/plan/plan.hpp"

namespace tailrace::engine {

struct ExplainOptions {
  bool arity = false;      // append `// { arity: n }`
  bool types = false;      // append `// { types: "(...)" }`
  bool redacted = false;   // literals as a block character
  int indent = 0;          // levels
};

// The form of "optimized plans": Project, Map, Filter, Join, Reduce, ... Ends with a newline.
std::string explain(const PlanPtr& plan, const ExplainOptions& options = {});
// `Finish order_by=[..] limit=n output=[..]` around the plan where there is anything to finish.
std::string explain(const PlanPtr& plan, const Finishing& finishing, const ExplainOptions& options = {});
// `((#0 + 1) > #1)`.
std::string explain(const ScalarPtr& scalar, bool redacted = false);

}  // namespace tailrace::engine
