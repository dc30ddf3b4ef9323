#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>

#include "engine/dataflow/calendar.hpp"
#include "tests/engine/dataflow/naive.hpp"

namespace tailrace::engine::test {

TEST_CASE("a calendar gives every update when its time has come, and not before") {
  std::mt19937_64 random(3);
  Calendar calendar;
  const std::vector<Type> types = {TypeId::int8};
  std::multimap<Timestamp, std::int64_t> model;
  Timestamp now = 1'700'000'000'000;
  std::int64_t next = 0;
  for (int round = 0; round < 2000; ++round) {
    now += 1 + random() % (round % 10 == 0 ? 100'000 : 50);
    std::multiset<std::int64_t> due;
    for (const Batch& batch : calendar.take_before(now)) {
      for (std::size_t row = 0; row < batch.rows; ++row) {
        REQUIRE(batch.times[row] < now);
        due.insert(batch.columns[0]->values<std::int64_t>()[row]);
      }
    }
    std::multiset<std::int64_t> expected;
    while (!model.empty() && model.begin()->first < now) {
      expected.insert(model.begin()->second);
      model.erase(model.begin());
    }
    REQUIRE(due == expected);
    BatchBuilder more(types);
    for (std::size_t i = random() % 20; i > 0; --i) {
      const Timestamp time = now - 5 + random() % (std::uint64_t(1) << (random() % 40));
      more.append_row(std::vector<Value>{next}, time, 1);
      if (time >= now) model.emplace(time, next);
      ++next;
    }
    const Batch batch = more.finish();
    for (const Batch& given : {calendar.keep_from(now, batch)}) {
      for (std::size_t row = 0; row < given.rows; ++row) REQUIRE(given.times[row] < now);
    }
    REQUIRE(calendar.size() == model.size());
    REQUIRE(calendar.next() <= (model.empty() ? timestamp_max : model.begin()->first));
  }
}

}  // namespace tailrace::engine::test
