// Ordered rows against a sorted list.
#include <doctest/doctest.h>

#include <map>
#include <random>

#include "engine/dataflow/ordered_rows.hpp"

namespace tailrace::engine::test {

TEST_CASE("ordered rows keep groups, order and counts through any changes") {
  std::mt19937_64 random(7);
  const auto below = [&](std::uint64_t n) { return random() % n; };
  const std::vector<Type> types = {TypeId::int4, TypeId::int4};
  OrderedRows rows({0}, by_keys({{.column = 1, .descending = true}}));
  std::map<std::int32_t, std::map<std::int32_t, Diff, std::greater<>>> model;
  for (int round = 0; round < 600; ++round) {
    BatchBuilder changes(types);
    for (std::size_t i = round == 0 ? 3000 : below(round % 50 == 0 ? 900 : 9); i > 0; --i) {
      const auto group = static_cast<std::int32_t>(below(6));
      auto value = static_cast<std::int32_t>(below(2000));
      Diff diff = 1;
      if (!model[group].empty() && below(2)) {
        const auto some = model[group].lower_bound(value);
        if (some != model[group].end()) value = some->first, diff = -1;
      }
      changes.append_row(std::vector<Value>{group, value}, 0, diff);
      if ((model[group][value] += diff) == 0) model[group].erase(value);
    }
    rows.update(changes.finish());
    BatchBuilder probe(types);
    const auto group = static_cast<std::int32_t>(below(7));
    probe.append_row(std::vector<Value>{group, std::int32_t(0)});
    std::vector<std::pair<std::int32_t, Diff>> found;
    rows.scan(probe.finish(), 0, std::vector<int>{0},
              [&](const Batch& batch, std::size_t row, Diff count) {
                found.emplace_back(batch.columns[1]->values<std::int32_t>()[row], count);
                return true;
              });
    const auto& expected = model[group];
    REQUIRE(found == std::vector<std::pair<std::int32_t, Diff>>(expected.begin(), expected.end()));
  }
  std::size_t total = 0;
  for (const auto& [group, values] : model) total += values.size();
  CHECK(rows.size() == total);
}

}  // namespace tailrace::engine::test
