// Which addresses are private, and how hosts become addresses without a resolver.
#include "replication/network/addresses.hpp"

#include <doctest/doctest.h>

#include "repr/error.hpp"

namespace tailrace::replication {

namespace {

std::vector<std::string> find(const std::string& host, const NetworkRules& rules) {
  CancelToken cancel;
  return find_addresses(host, rules, std::chrono::steady_clock::now() + std::chrono::seconds(5),
                        cancel);
}

}  // namespace

TEST_CASE("addresses that no public network routes are private") {
  for (const char* address : {"127.0.0.1",
                              "127.255.255.254",
                              "10.0.0.1",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.168.1.1",
                              "169.254.169.254",
                              "100.64.0.1",
                              "100.127.0.1",
                              "0.0.0.0",
                              "224.0.0.1",
                              "255.255.255.255",
                              "::",
                              "::1",
                              "fe80::1",
                              "fe80::1%lo",
                              "febf::1",
                              "fec0::1",
                              "fc00::1",
                              "fdff::1",
                              "ff02::1",
                              "::ffff:10.0.0.1",
                              "::ffff:7f00:1",
                              "::127.0.0.1",
                              "64:ff9b::10.0.0.1",
                              "2002:a00:1::1",
                              "no address"}) {
    CHECK_MESSAGE(is_private_address(address), address);
  }
  for (const char* address :
       {"8.8.8.8", "172.15.0.1", "172.32.0.1", "192.167.0.1", "169.253.0.1", "100.63.0.1",
        "100.128.0.1", "223.255.255.255", "11.0.0.1", "2001:db8::1", "2606:4700::1111",
        "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"}) {
    CHECK_MESSAGE(!is_private_address(address), address);
  }
}

TEST_CASE("every way to write an address is one") {
  for (const char* text : {"127.0.0.1", "127.1", "0x7f.1", "2130706433", "017700000001"})
    CHECK(find(text, {}) == std::vector<std::string>{"127.0.0.1"});
  CHECK_THROWS_AS(find("127.1", {.known_hosts = nullptr, .external_only = true}), SqlError);
  CHECK(find("8.8.8.8", {.known_hosts = nullptr, .external_only = true}).size() == 1);
}

TEST_CASE("what the operator says of a name counts, and is checked too") {
  const auto known = std::make_shared<const KnownHosts>(
      KnownHosts{{"db.test", {"8.8.8.8", "10.0.0.1"}}, {"public.test", {"8.8.8.8"}}});
  CHECK(find("db.test", {.known_hosts = known}) == std::vector<std::string>{"8.8.8.8", "10.0.0.1"});
  CHECK_THROWS_AS(find("db.test", {.known_hosts = known, .external_only = true}), SqlError);
  CHECK(find("public.test", {.known_hosts = known, .external_only = true}).size() == 1);
}

TEST_CASE("time is shared among the addresses that are left") {
  using namespace std::chrono_literals;
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  CHECK(share_of(deadline, 1) == deadline);
  CHECK(share_of(deadline, 5) < deadline - 7s);
  const auto past = std::chrono::steady_clock::now() - 1s;
  CHECK(share_of(past, 3) == past);
}

}  // namespace tailrace::replication
