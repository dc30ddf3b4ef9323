#include "server/pgwire/startup_packet.hpp"

#include <doctest/doctest.h>

#include <random>

#include "server/fatal_error.hpp"
#include "server/pgwire/backend_message.hpp"

namespace tailrace::server {

namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

std::string startup(std::initializer_list<std::string_view> texts, std::uint32_t version = 196608) {
  std::string payload;
  append_uint32(payload, version);
  for (const std::string_view text : texts) (payload += text) += '\0';
  return payload += '\0';
}

}  // namespace

TEST_CASE("start-up parameters come in order, options taken apart") {
  const auto packet = decode_startup_packet(
      startup({"user", "materialize", "database", "shop", "application_name", "psql", "options",
               "-c statement_timeout=5s --search-path=a,b -cx=has\\ blank --cluster=prod",
               "TimeZone", "UTC"}));
  const auto& message = std::get<StartupMessage>(packet);
  CHECK(message.user == "materialize");
  CHECK(message.database == "shop");
  CHECK(message.settings == Settings{{"application_name", "psql"},
                                     {"statement_timeout", "5s"},
                                     {"search_path", "a,b"},
                                     {"x", "has blank"},
                                     {"cluster", "prod"},
                                     {"TimeZone", "UTC"}});
}

TEST_CASE("requests for encryption and to cancel") {
  std::string payload;
  append_uint32(payload, 80877103);
  CHECK(std::holds_alternative<TlsRequest>(decode_startup_packet(payload)));
  payload.clear();
  append_uint32(payload, 80877104);
  CHECK(std::holds_alternative<GssRequest>(decode_startup_packet(payload)));
  payload.clear();
  append_uint32(payload, 80877102);
  append_uint32(payload, 7);
  CHECK_THROWS_AS(decode_startup_packet(payload), FatalError);
  append_uint32(payload, 0xdeadbeef);
  const auto packet = decode_startup_packet(payload);
  CHECK(std::get<CancelRequest>(packet).connection_id == 7);
  CHECK(std::get<CancelRequest>(packet).secret_key == 0xdeadbeef);
}

TEST_CASE("what we do not speak is refused with a reason") {
  CHECK_THROWS_AS(decode_startup_packet(startup({"user", "x"}, 131072)), FatalError);
  CHECK_THROWS_AS(decode_startup_packet(startup({"database", "x"})), FatalError);
  CHECK_THROWS_AS(decode_startup_packet(startup({"user", "x", "replication", "true"})), FatalError);
  CHECK_THROWS_AS(decode_startup_packet(startup({"user", "x", "options", "-f x"})), FatalError);
  CHECK_THROWS_AS(decode_startup_packet(startup({"user", "\xff"})), FatalError);
  CHECK(std::get<StartupMessage>(decode_startup_packet(startup({"user", "x"}, 196610)))
            .minor_version == 2);
  CHECK(looks_like_http("GET / HTTP/1.1"));
  CHECK(looks_like_tls("\x16\x03\x01"));
}

TEST_CASE("random start-up packets decode or are refused") {
  std::mt19937 random(8);
  const std::string good = startup({"user", "materialize", "options", "-c a=b"});
  for (int i = 0; i < 50'000; ++i) {
    std::string payload = good;
    for (unsigned change = random() % 4; change > 0; --change) {
      payload[random() % payload.size()] = static_cast<char>(random());
    }
    payload.resize(random() % (payload.size() + 4));
    try {
      decode_startup_packet(payload);
    } catch (const FatalError&) {
    }
  }
}

}  // namespace tailrace::server
