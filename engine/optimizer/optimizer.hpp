// Plan in, equivalent and cheaper plan out. Each rule is one pure function in a file of its own.
#pragma once

#include <functional>
#include <string_view>

#include "engine/expression/evaluate.hpp"
#include "engine/plan/plan.hpp"

namespace tailrace::engine {

struct OptimizeOptions {
  // For dataflows: predicates on mz_now() become valid_from / valid_until, and what cannot be maintained throws.
  // Ad hoc plans keep mz_now() in their scalars; the evaluator gets it as EvaluationContext::mz_now.
  bool maintained = false;
  // If given, stable functions (now(), current_user) become literals.
  const SessionContext* session = nullptr;
  // Called with the name of each rule that changed the plan, and the plan after it (EXPLAIN OPTIMIZER TRACE).
  std::function<void(std::string_view rule, const PlanPtr& plan)> trace;
};

// Names of columns are the same, rows and errors too (an error that no result needs may vanish).
PlanPtr optimize(PlanPtr plan, const OptimizeOptions& options = {});

}  // namespace tailrace::engine
