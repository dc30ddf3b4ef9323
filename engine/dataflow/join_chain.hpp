// An n-ary join as a chain of joins of two sides.
#pragma once

#include <vector>

#include "engine/plan/plan.hpp"

namespace tailrace::engine {

// Two expressions over a row that must be equal, neither of them NULL.
using EqualPair = std::pair<ScalarPtr, ScalarPtr>;

struct JoinChain {
  struct Link {
    std::size_t input = 0;             // joined to what stands before
    std::size_t left_width = 0;        // columns of what stands before
    std::vector<ScalarPtr> left_key;   // over these
    std::vector<ScalarPtr> right_key;  // over the input's columns
    std::vector<EqualPair> equal;      // over the columns of both: equalities within one input
  };
  std::size_t first = 0;
  std::vector<Link> links;
  std::vector<EqualPair> equal_at_first;  // of a join of one input
  std::vector<int> projection;            // from the chain's columns to the join's; empty: the same
};

// Inputs in the order given, but one that is connected to those before comes before one that is
// not.
JoinChain join_chain(const plan::Join& join);

}  // namespace tailrace::engine
