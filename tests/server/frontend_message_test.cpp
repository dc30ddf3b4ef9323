#include "server/pgwire/frontend_message.hpp"

#include <doctest/doctest.h>

#include <random>

#include "server/fatal_error.hpp"
#include "server/pgwire/backend_message.hpp"

namespace tailrace::server {

namespace {

std::string parse_payload() {
  std::string payload = std::string("name\0SELECT $1\0", 15);
  append_uint16(payload, 2);
  append_uint32(payload, 23);
  append_uint32(payload, 0);
  return payload;
}

std::string bind_payload() {
  std::string payload = std::string("portal\0name\0", 12);
  append_uint16(payload, 1);
  append_uint16(payload, 1);
  append_uint16(payload, 2);
  append_uint32(payload, 3);
  payload += "abc";
  append_uint32(payload, 0xffffffff);
  append_uint16(payload, 1);
  append_uint16(payload, 0);
  return payload;
}

}  // namespace

TEST_CASE("Parse and Bind carry their fields") {
  const std::string parse_bytes = parse_payload();
  const auto parse = std::get<frontend::Parse>(decode_frontend_message('P', parse_bytes));
  CHECK(parse.statement == "name");
  CHECK(parse.sql == "SELECT $1");
  CHECK(parse.parameter_types == std::vector<Oid>{23, 0});

  const std::string bind_bytes = bind_payload();
  const auto bind = std::get<frontend::Bind>(decode_frontend_message('B', bind_bytes));
  CHECK(bind.portal == "portal");
  CHECK(bind.statement == "name");
  CHECK(bind.parameter_formats == std::vector<std::int16_t>{1});
  REQUIRE(bind.parameters.size() == 2);
  CHECK(bind.parameters[0] == "abc");
  CHECK(!bind.parameters[1]);
  CHECK(bind.result_formats == std::vector<std::int16_t>{0});
}

TEST_CASE("a message cut short or too long is a protocol violation") {
  const std::pair<char, std::string> messages[] = {{'P', parse_payload()},
                                                   {'B', bind_payload()},
                                                   {'Q', std::string("SELECT 1\0", 9)},
                                                   {'D', std::string("Sx\0", 3)},
                                                   {'C', std::string("Px\0", 3)},
                                                   {'E', std::string("p\0\0\0\0\1", 6)}};
  for (const auto& [kind, payload] : messages) {
    CHECK_NOTHROW(decode_frontend_message(kind, payload));
    for (std::size_t size = 0; size < payload.size(); ++size) {
      CHECK_THROWS_AS(decode_frontend_message(kind, payload.substr(0, size)), SqlError);
    }
    CHECK_THROWS_AS(decode_frontend_message(kind, payload + "x"), SqlError);
  }
}

TEST_CASE("what does not exist is refused") {
  CHECK_THROWS_AS(decode_frontend_message('!', ""), FatalError);
  CHECK_THROWS_AS(decode_frontend_message('\0', ""), FatalError);
  CHECK_THROWS_AS(decode_frontend_message('D', std::string("Xx\0", 3)), SqlError);
  CHECK_THROWS_AS(decode_frontend_message('D', std::string("S\xff\0", 3)), SqlError);
}

TEST_CASE("random bytes decode or are refused") {
  std::mt19937 random(7);
  const std::string kinds = "QPBDCESHdcfXFp!\xff";
  const std::string seeds[] = {parse_payload(), bind_payload(), std::string("Sx\0", 3)};
  std::size_t decoded = 0;
  for (int i = 0; i < 100'000; ++i) {
    std::string payload = seeds[random() % std::size(seeds)];
    for (unsigned change = random() % 4; change > 0; --change) {
      payload[random() % payload.size()] = static_cast<char>(random());
    }
    payload.resize(random() % (payload.size() + 8));
    try {
      decode_frontend_message(kinds[random() % kinds.size()], payload);
      ++decoded;
    } catch (const SqlError&) {
    }
  }
  CHECK(decoded > 0);
}

}  // namespace tailrace::server
