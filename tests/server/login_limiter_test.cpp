#include "server/login_limiter.hpp"

#include <doctest/doctest.h>

namespace tailrace::server {

namespace {

using std::chrono::milliseconds;
using Clock = LoginLimiter::Clock;

const Clock::time_point start = Clock::time_point() + std::chrono::hours(1);

void fail(LoginLimiter& logins, const std::string& address, int times) {
  for (int i = 0; i < times; ++i) logins.failed(address, start);
}

}  // namespace

TEST_CASE("a few failed log-ins cost nothing") {
  LoginLimiter logins;
  fail(logins, "10.0.0.1", 4);
  CHECK(logins.take_turn("10.0.0.1", start) == start);
}

TEST_CASE("after more, attempts have their turns one after the other") {
  LoginLimiter logins;
  fail(logins, "10.0.0.1", 6);
  const auto first = logins.take_turn("10.0.0.1", start);
  const auto second = logins.take_turn("10.0.0.1", start);
  REQUIRE(first);
  REQUIRE(second);
  CHECK(*first > start);
  CHECK(*second > *first);
  CHECK(logins.take_turn("10.0.0.2", start) == start);
  int turns = 0;
  while (logins.take_turn("10.0.0.1", start)) CHECK(++turns < 1000);
}

TEST_CASE("a success or time ends it") {
  LoginLimiter logins;
  fail(logins, "10.0.0.1", 20);
  const auto later = start + std::chrono::minutes(6);
  CHECK(logins.take_turn("10.0.0.1", later) == later);
  fail(logins, "10.0.0.1", 20);
  logins.succeeded("10.0.0.1");
  CHECK(logins.take_turn("10.0.0.1", start) == start);
}

TEST_CASE("an IPv6 network is one address") {
  LoginLimiter logins;
  for (int i = 0; i < 20; ++i) logins.failed("2001:db8::" + std::to_string(i + 1), start);
  CHECK(logins.take_turn("2001:db8::ffff", start) != start);
  CHECK(logins.take_turn("2001:db8:1::1", start) == start);
}

TEST_CASE("addresses without number do not fill the memory") {
  LoginLimiter logins;
  for (int i = 0; i < 10'050; ++i) {
    logins.failed("10." + std::to_string(i / 65536) + "." + std::to_string(i / 256 % 256) + "." +
                      std::to_string(i % 256),
                  start + milliseconds(i));
  }
  CHECK(logins.take_turn("10.0.0.0", start) == start);
}

}  // namespace tailrace::server
