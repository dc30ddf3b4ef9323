// Arrangements against a plain multiset: appended, merged, compacted in time, looked up.
#include <doctest/doctest.h>

#include <random>

#include "engine/cluster/index_sink.hpp"
#include "engine/dataflow/shared_arrangement.hpp"
#include "tests/engine/dataflow/naive.hpp"

namespace tailrace::engine::test {

namespace {

const std::vector<Type> types = {TypeId::int4, TypeId::text};

struct Model {
  std::vector<std::tuple<std::int32_t, std::string, Timestamp, Diff>> updates;

  Multiset at(Timestamp time, std::optional<std::int32_t> key) const {
    BatchBuilder rows(types);
    for (const auto& [k, v, t, diff] : updates) {
      if (t <= time && (!key || *key == k)) rows.append_row(std::vector<Value>{k, v}, t, diff);
    }
    return multiset_of(rows.finish());
  }
};

Batch key_of(std::int32_t key) {
  BatchBuilder keys(std::vector<Type>{TypeId::int4});
  keys.append_row(std::vector<Value>{key});
  return keys.finish();
}

void check_against_model(std::size_t partitions, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t n) { return random() % n; };
  Model model;
  auto arrangement = std::make_shared<SharedArrangement>(
      types, std::vector<ScalarPtr>{column(0, TypeId::int4)}, partitions);
  const auto reader = make_index_reader(arrangement);
  const auto change = [&](std::size_t count, Timestamp lower, Timestamp upper) {
    BatchBuilder rows(types);
    for (std::size_t i = 0; i < count; ++i) {
      auto [k, v, t, diff] =
          std::tuple(static_cast<std::int32_t>(below(200)), std::to_string(below(5)),
                     lower + below(upper - lower), static_cast<Diff>(1));
      if (!model.updates.empty() && below(2)) {
        std::tie(k, v, std::ignore, diff) = model.updates[below(model.updates.size())];
        diff = -diff;
      }
      rows.append_row(std::vector<Value>{k, v}, t, diff);
      model.updates.emplace_back(k, v, t, diff);
    }
    return rows.finish();
  };
  Timestamp upper = 10001;
  arrangement->hydrate({0, upper, {change(5000, 10000, 10001)}, {}}, nullptr);
  const auto held = reader->hold(10000);
  for (int step = 0; step < 400; ++step) {
    const Timestamp next = upper + 1 + below(20);
    StepChanges changes{upper, next, {}, {}};
    if (const std::size_t count = below(4) ? below(4) : below(600))
      changes.rows.push_back(change(count, upper, next));
    arrangement->append(std::move(changes), nullptr);
    upper = next;
    const Timestamp time =
        step % 2 ? upper - 1
                 : std::max<Timestamp>(reader->since(), upper - 1 - below(upper - 10000));
    const auto key = static_cast<std::int32_t>(below(210));
    REQUIRE(multiset_of(reader->lookup(key_of(key), time)) == model.at(time, key));
    if (step % 40 == 0) {
      std::vector<Batch> all;
      for (const auto& chunk : reader->snapshot(time).rows.chunks)
        all.push_back(chunk->read(all_columns(2)));
      REQUIRE(multiset_of(concatenate(all)) == model.at(time, std::nullopt));
    }
  }
  CHECK(reader->since() == 10000);
  CHECK(arrangement->view()->runs.size() < 60 * partitions);
}

}  // namespace

TEST_CASE("an arrangement answers as the sum of its updates") {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) check_against_model(1, seed);
  check_against_model(3, 5);
}

TEST_CASE("since of an arrangement trails its upper and passes no hold") {
  auto arrangement = std::make_shared<SharedArrangement>(
      types, std::vector<ScalarPtr>{column(0, TypeId::int4)}, 1);
  arrangement->hydrate({0, 5001, {}, {}}, nullptr);
  CHECK(arrangement->view()->since == 5000);
  arrangement->append({5001, 8001, {}, {}}, nullptr);
  CHECK(arrangement->view()->since == 7000);
  CHECK_THROWS_AS(arrangement->hold(6999), SqlError);
  {
    const auto hold = arrangement->hold(7500);
    arrangement->append({8001, 12001, {}, {}}, nullptr);
    CHECK(arrangement->view()->since == 7500);
  }
  arrangement->append({12001, 12002, {}, {}}, nullptr);
  CHECK(arrangement->view()->since == 11001);
}

TEST_CASE("space of an arrangement follows its live rows") {
  Spine spine({0});
  BatchBuilder rows(types);
  Timestamp time = 1;
  for (std::int32_t i = 0; i < 1000; ++i)
    rows.append_row(std::vector<Value>{i, std::string("x0")}, time, 1);
  const Batch first = rows.finish();
  spine.append(arrange(first, std::vector<int>{0}));
  for (int round = 1; round <= 300; ++round) {
    spine.advance_since(time);
    ++time;
    for (std::int32_t i = 0; i < 100; ++i) {
      const std::int32_t key = (round * 100 + i) % 1000;
      const int version = (round * 100 + i) / 1000;
      rows.append_row(std::vector<Value>{key, "x" + std::to_string(version - 1)}, time, -1);
      rows.append_row(std::vector<Value>{key, "x" + std::to_string(version)}, time, 1);
    }
    spine.append(arrange(rows.finish(), std::vector<int>{0}));
  }
  CHECK(spine.rows() < 8000);
}

}  // namespace tailrace::engine::test
