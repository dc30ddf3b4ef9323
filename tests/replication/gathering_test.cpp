#include "replication/postgres/gathering.hpp"

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using tailrace::replication::Gathering;

TEST_CASE("transactions are gathered for longer where looking up old rows takes long") {
  Gathering gathering;
  CHECK(gathering.time_max() == 10ms);
  CHECK(gathering.bytes_max() == 256 << 10);
  gathering.looked_up(1ms);
  CHECK(gathering.time_max() == 10ms);
  gathering.looked_up(50ms);
  CHECK(gathering.time_max() == 100ms);
  CHECK(gathering.bytes_max() == 2560 << 10);
  gathering.looked_up(1h);
  CHECK(gathering.time_max() == 640ms);
  CHECK(gathering.bytes_max() == 16 << 20);
  gathering.looked_up({});  // a commit without look-ups
  CHECK(gathering.time_max() == 10ms);
}
