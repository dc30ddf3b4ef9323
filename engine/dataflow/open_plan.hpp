// A plan that uses local names bound outside it, made to stand alone.
#pragma once

#include <optional>
#include <vector>

#include "engine/plan/plan.hpp"

namespace tailrace::engine {

struct OpenPlan {
  struct Input {
    storage::CollectionId id;      // as the plan says now
    std::optional<LocalId> local;  // it was this name; none: a collection
    std::vector<Type> types;
  };
  PlanPtr plan;
  std::vector<Input> inputs;  // each once
};

// Names bound outside become collections of ids that no collection has.
OpenPlan close_over_locals(const PlanPtr& plan);
// Whether rows come and go by time alone somewhere in the plan.
bool uses_mz_now(const PlanPtr& plan);

}  // namespace tailrace::engine
