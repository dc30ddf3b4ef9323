#include "engine/cluster/workers.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>

#include "tests/engine/cluster/setting.hpp"

namespace tailrace::engine::test {

TEST_CASE("pieces of work are done once each, whatever the number of threads") {
  for (const std::size_t threads : {0, 1, 4}) {
    Workers workers(threads);
    std::vector<std::atomic<int>> done(1000);
    workers.parallel(done.size(), [&](std::size_t i) { ++done[i]; });
    for (const auto& count : done) CHECK(count == 1);
    CHECK_THROWS_AS(workers.parallel(10,
                                     [](std::size_t i) {
                                       if (i == 7) throw std::runtime_error("no");
                                     }),
                    std::runtime_error);
  }
}

TEST_CASE("tasks wait for threads and survive a change of their number") {
  Workers workers(0);
  std::atomic<int> done{0};
  for (int i = 0; i < 100; ++i) workers.submit([&] { ++done; });
  CHECK(done == 0);
  workers.set_count(3);
  workers.set_count(1);
  eventually([&] { return done == 100; });
}

}  // namespace tailrace::engine::test
