// Shared and recursive bindings.
#include <fmt/format.h>

#include "engine/operators/run.hpp"

namespace tailrace::engine {

namespace {

Batch net_rows(const PlanPtr& plan, Run& run) {
  const MorselsPtr rows = open(plan, run);
  std::vector<Batch> batches;
  for (const Batch& batch : run.collect(*rows)) batches.push_back(batch.with_time(0));
  return consolidate(combine(batches, plan->types));
}

// Both consolidated, hence in the same order if they are equal.
bool same_rows(const Batch& a, const Batch& b) {
  if (a.rows != b.rows) return false;
  for (std::size_t row = 0; row < a.rows; ++row) {
    if (a.diffs[row] != b.diffs[row] || !equal_rows(a, row, {}, b, row, {}, Equality::identity))
      return false;
  }
  return true;
}

}  // namespace

MorselsPtr open_let(const plan::Let& node, Run& run) {
  const MorselsPtr value = open(node.value, run);
  run.local(node.id) = morsels_of(run.collect(*value), run);
  return open(node.body, run);
}

MorselsPtr open_let_rec(const plan::LetRec& node, Run& run) {
  std::vector<Batch> values;
  for (std::size_t i = 0; i < node.ids.size(); ++i) {
    values.push_back(empty_batch(node.types[i]));
    run.local(node.ids[i]) = morsels_of({}, run);
  }
  std::uint64_t iteration = 0;
  for (bool changed = true; changed;) {
    if (node.limit && iteration == *node.limit) {
      if (node.return_at_limit) break;
      throw SqlError(
          sqlstate::program_limit_exceeded,
          fmt::format(
              "Recursive query exceeded the recursion limit {}. (Use RETURN AT RECURSION LIMIT to "
              "not error, but return the current state as the final result when reaching the "
              "limit.)",
              *node.limit));
    }
    changed = false;
    run.check_cancel();
    for (std::size_t i = 0; i < node.ids.size(); ++i) {
      Batch value = net_rows(node.values[i], run);
      if (same_rows(value, values[i])) continue;
      changed = true;
      values[i] = std::move(value);
      run.local(node.ids[i]) = morsels_of({values[i]}, run);
    }
    ++iteration;
  }
  return open(node.body, run);
}

}  // namespace tailrace::engine
