#include <doctest/doctest.h>

#include "replication/postgres/connection_settings.hpp"

using namespace tailrace::replication;

TEST_CASE("an address that does not take replication connections is likely a pooler's") {
  const UpstreamError pooler = connection_error(
      "connection to server at \"127.0.0.1\", port 6432 failed: "
      "FATAL:  unsupported startup parameter: replication");
  CHECK(pooler.message() == "unsupported startup parameter: replication");
  CHECK(pooler.hint() == pooler_hint);
  const UpstreamError other = connection_error(
      "connection to server at \"127.0.0.1\", port 5432 failed: "
      "FATAL:  password authentication failed for user \"u\"");
  CHECK(other.hint().empty());
}
