// The plainest evaluation of a plan: what maintained execution must agree with. Nested loops over
// multisets of rows.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/plan/plan.hpp"

namespace tailrace::engine::test {

// Encoded rows with their counts, none 0.
using Multiset = std::map<std::string, Diff>;

Multiset multiset_of(const Batch& batch);
Batch batch_of(const Multiset& rows, const std::vector<Type>& types);

struct NaiveError {
  DataError error;
};

// Throws NaiveError if any row has an error.
Multiset evaluate_naively(const PlanPtr& plan,
                          const std::map<storage::CollectionId, Multiset>& collections,
                          Timestamp time);

}  // namespace tailrace::engine::test
