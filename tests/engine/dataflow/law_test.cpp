// The law of maintained execution: whatever the plan, the changes and the steps, the accumulated
// output at each time is the plan's result over the accumulated inputs at that time.
#include <doctest/doctest.h>

#include "tests/engine/dataflow/naive.hpp"
#include "tests/engine/dataflow/random_plan.hpp"
#include "tests/engine/plans.hpp"

namespace tailrace::engine::test {

namespace {

std::map<storage::CollectionId, Multiset> contents_at(const Histories& histories, Timestamp time) {
  std::map<storage::CollectionId, Multiset> contents;
  for (const auto& [id, history] : histories)
    contents[id] = multiset_of(between(history, 0, time + 1));
  return contents;
}

// The plan's result, or nothing: an error.
std::optional<Multiset> naive_result(const PlanPtr& plan, const Histories& histories,
                                     Timestamp time) {
  try {
    return evaluate_naively(plan, contents_at(histories, time), time);
  } catch (const NaiveError&) {
    return std::nullopt;
  }
}

std::optional<Multiset> once_result(const PlanPtr& plan, const Histories& histories,
                                    Timestamp time) {
  by_hand::Inputs inputs;
  for (const auto& [id, history] : histories) {
    const Batch contents = between(history, 0, time + 1);
    inputs.add(id.value, contents.empty() ? std::vector<Batch>() : std::vector<Batch>{contents});
  }
  std::vector<Batch> rows;
  try {
    run_once(plan, {.inputs = inputs, .time = time}, [&](Batch batch) {
      if (!batch.empty()) rows.push_back(std::move(batch));
    });
  } catch (const SqlError&) {
    return std::nullopt;
  }
  return rows.empty() ? Multiset() : multiset_of(concatenate(rows));
}

void check_law(std::uint64_t seed, bool wide) {
  CAPTURE(seed);
  RandomPlan random(seed, wide);
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
  for (Timestamp time = as_of; time <= last; time += wide ? 5 : 1) {
    CAPTURE(time);
    const auto expected =
        wide ? once_result(plan, histories, time) : naive_result(plan, histories, time);
    CHECK(run.has_errors_at(time) == !expected);
    if (expected) CHECK(multiset_of(run.rows_at(time)) == *expected);
  }
}

}  // namespace

TEST_CASE("dataflow: the output accumulates to the plan's naive result at every time") {
  for (std::uint64_t seed = 1; seed <= 1500; ++seed) check_law(seed, false);
}

TEST_CASE("dataflow: both ways of running agree") {
  for (std::uint64_t seed = 1; seed <= 1500; ++seed) check_law(seed, true);
}

}  // namespace tailrace::engine::test
