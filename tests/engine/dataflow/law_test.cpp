// The law of maintained execution: whatever the plan, the changes and the steps, the accumulated
// output at each time is the plan's result over the accumulated inputs at that time.
#include <doctest/doctest.h>

#include "tests/engine/dataflow/naive.hpp"
#include "tests/engine/dataflow/random_plan.hpp"

namespace tailrace::engine::test {

namespace {

std::map<storage::CollectionId, Multiset> contents_at(const Histories& histories, Timestamp time) {
  std::map<storage::CollectionId, Multiset> contents;
  for (const auto& [id, history] : histories)
    contents[id] = multiset_of(between(history, 0, time + 1));
  return contents;
}

void check_law(std::uint64_t seed) {
  CAPTURE(seed);
  RandomPlan random(seed);
  constexpr Timestamp last = 24;
  const Histories histories = random.histories(last, 4 + random.below(40));
  const PlanPtr plan = random.plan(1 + static_cast<int>(random.below(4)));
  const Timestamp as_of = random.below(last);
  GraphRun run(plan);
  run.hydrate(histories, as_of, 1 + random.below(20));
  for (Timestamp upper = as_of + 1; upper <= last;) {
    upper = std::min(last + 1, upper + 1 + random.below(6));
    run.step_to(upper, histories);
  }
  for (Timestamp time = as_of; time <= last; ++time) {
    CAPTURE(time);
    try {
      const Multiset expected = evaluate_naively(plan, contents_at(histories, time), time);
      CHECK(!run.has_errors_at(time));
      CHECK(multiset_of(run.rows_at(time)) == expected);
    } catch (const NaiveError&) {
      CHECK(run.has_errors_at(time));
    }
  }
}

}  // namespace

TEST_CASE("dataflow: the output accumulates to the plan's result at every time") {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) check_law(seed);
}

}  // namespace tailrace::engine::test
