// The clock: never back, not ahead without need, across steps of the wall clock and restarts.
#include <doctest/doctest.h>

#include "tests/storage/fixture.hpp"

namespace tailrace::storage::testing {

TEST_CASE("times follow the wall clock, and are never the same twice") {
  Fixture fixture;
  const auto a = fixture.create();
  fixture.wall = 5'000'000;
  CHECK(fixture.commit(write(a, {{1, "x"}})) == 5'000'000);
  CHECK(fixture.commit(write(a, {{2, "x"}})) == 5'000'001);
  fixture.wall = 5'000'500;
  CHECK(fixture.commit(write(a, {{3, "x"}})) == 5'000'500);
}

TEST_CASE("when the wall clock steps back, time goes on by one and a warning says so once") {
  Fixture fixture;
  const auto a = fixture.create();
  fixture.wall = 5'000'000;
  const Timestamp time = fixture.commit(write(a, {{1, "x"}}));
  fixture.wall = 4'000'000;
  CHECK(fixture.commit(write(a, {{2, "x"}})) == time + 1);
  CHECK(fixture.commit(write(a, {{3, "x"}})) == time + 2);
  REQUIRE(fixture.warnings().size() == 1);
  CHECK(fixture.warnings()[0].find("1000000 ms") != std::string::npos);
  fixture.wall = 6'000'000;
  CHECK(fixture.commit(write(a, {{4, "x"}})) == 6'000'000);
}

TEST_CASE("a restart continues above every time ever shown, even if the wall clock is behind") {
  Fixture fixture;
  const auto a = fixture.create();
  fixture.wall = 5'000'000;
  Timestamp last = fixture.commit(write(a, {{1, "x"}}));
  for (int i = 0; i < 5; ++i) {
    fixture.wall = 1'000;
    fixture.reopen();
    CHECK(fixture.store().latest_time() >= last);
    CHECK(contents_now(fixture.store(), a).size() == static_cast<std::size_t>(i) + 1);
    const Timestamp time = fixture.commit(write(a, {{i + 10, "x"}}));
    CHECK(time > last);
    last = time;
  }
  // An orderly stop leaves nothing between.
  CHECK(last == 5'000'005);
}

TEST_CASE("an idle clock ticks, for all collections at once and without writing for each") {
  Fixture fixture;
  const auto a = fixture.create();
  const auto b = fixture.create();
  fixture.close();
  fixture.tick_ms = 1;
  fixture.open();
  CancelToken cancel;
  const Timestamp start = fixture.store().latest_time();
  fixture.wall += 60'000;
  fixture.store().wait_complete(a, start + 60'000, cancel);
  CHECK(fixture.store().upper(b) > start + 60'000);
}

}  // namespace tailrace::storage::testing
