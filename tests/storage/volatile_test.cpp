// Volatile collections: in memory, with the ticks, gone at a restart.
#include <doctest/doctest.h>

#include "tests/storage/fixture.hpp"

namespace tailrace::storage::testing {

TEST_CASE("a volatile collection is published with a tick, and forgotten at a restart") {
  Fixture fixture;
  fixture.close();
  fixture.tick_ms = 1;
  fixture.open();
  const CollectionId stats{(std::uint64_t{1} << 62) + 1};
  fixture.store().create_volatile(stats, key_value_description(CollectionKind::volatile_));
  CHECK(contents_now(fixture.store(), stats).empty());
  fixture.store().publish_volatile(stats, delta_of({{1, "one"}}));
  CancelToken cancel;
  while (contents_now(fixture.store(), stats).empty()) {
    fixture.store().wait_complete(stats, fixture.store().latest_time() + 1, cancel);
  }
  CHECK(contents_now(fixture.store(), stats) == Contents{{{1, "one"}, 1}});
  fixture.reopen();
  CHECK(!fixture.store().describe(stats));
}

TEST_CASE("a volatile collection that changes for ever stays small") {
  Fixture fixture;
  fixture.close();
  fixture.tick_ms = 1;
  fixture.open();
  const CollectionId stats{(std::uint64_t{1} << 62) + 1};
  auto description = key_value_description(CollectionKind::volatile_);
  description.retention_ms = 0;
  fixture.store().create_volatile(stats, description);
  CancelToken cancel;
  for (int i = 0; i < 300; ++i) {
    std::vector<Row> rows{{1, "v" + std::to_string(i)}};
    if (i > 0) rows.push_back({1, "v" + std::to_string(i - 1), -1});
    fixture.store().publish_volatile(stats, delta_of(rows));
    fixture.store().wait_complete(stats, fixture.store().latest_time() + 1, cancel);
  }
  while (contents_now(fixture.store(), stats) != Contents{{{1, "v299"}, 1}}) {
    fixture.store().wait_complete(stats, fixture.store().latest_time() + 1, cancel);
  }
  fixture.store().compact_now(stats);
  CHECK(fixture.store().status(stats).tail_updates <= 2);
}

}  // namespace tailrace::storage::testing
