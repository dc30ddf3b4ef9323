// Order with limits: which rows of a batch stand in [offset, offset + limit) of their group.
#pragma once

#include <optional>
#include <vector>

#include "engine/operators/run.hpp"

namespace tailrace::engine {

struct Ranking {
  std::vector<int> group_key;  // columns, equal in SQL's sense
  std::vector<OrderKey> order_by;
  std::optional<std::uint64_t> limit;
  std::uint64_t offset = 0;
};

// The rows in order (group by group), ties by identity of the whole row. The batch has no negative
// diffs; a row of diff n counts n times, and gets what of it lies in the window.
Batch rank(const Batch& batch, const Ranking& ranking);

// All pieces ranked: settles retractions, and holds little more than what the limit lets through.
Batch rank_all(MorselsPtr input, const std::vector<Type>& types, const Ranking& ranking, Run& run);

}  // namespace tailrace::engine
