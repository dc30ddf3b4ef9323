#include "server/options.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <vector>

#include "repr/error.hpp"

namespace tailrace::server {

namespace {

ParsedOptions parse(std::vector<std::string> words) {
  words.insert(words.begin(), "tailrace");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

}  // namespace

TEST_CASE("addresses are an IP address and a port") {
  CHECK(parse_listen_address("127.0.0.1:6875").text() == "127.0.0.1:6875");
  CHECK(parse_listen_address("localhost:0").text() == "127.0.0.1:0");
  CHECK(parse_listen_address("[::1]:6875").text() == "[::1]:6875");
  CHECK(parse_listen_address("[::1]:6875").is_loopback());
  CHECK(!parse_listen_address("0.0.0.0:6875").is_loopback());
  for (const char* text : {"", ":", "6875", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "host:1",
                           "127.0.0.1:65536", "127.0.0.1:-1", "1.2.3:1"}) {
    CHECK_THROWS_AS(parse_listen_address(text), SqlError);
  }
}

TEST_CASE("flags, their defaults and the environment") {
  const Options defaults = parse({"--data-dir", "/d"}).options.value();
  CHECK(defaults.server.sql.text() == "127.0.0.1:6875");
  CHECK(defaults.server.http.text() == "127.0.0.1:6876");
  CHECK(!defaults.server.internal_sql);
  CHECK(!defaults.deferred_replicated_sync);

  setenv("TAILRACE_SQL_LISTEN_ADDR", "127.0.0.1:7000", 1);
  const Options options =
      parse({"--data-dir", "/d", "--memory-limit", "4GB", "--replicated-sync=deferred"})
          .options.value();
  unsetenv("TAILRACE_SQL_LISTEN_ADDR");
  CHECK(options.data_directory == "/d");
  CHECK(options.server.sql.port == 7000);
  CHECK(options.memory_limit_bytes == std::size_t{4} << 30);
  CHECK(options.deferred_replicated_sync);
}

TEST_CASE("a listener that others can reach needs TLS or a word") {
  ServerOptions options;
  CHECK_NOTHROW(check_listeners(options));
  options.sql = parse_listen_address("0.0.0.0:6875");
  CHECK_THROWS_AS(check_listeners(options), SqlError);
  options.allow_plaintext_remote = true;
  CHECK_NOTHROW(check_listeners(options));
  options.allow_plaintext_remote = false;
  options.tls_certificate = "cert.pem";
  CHECK_THROWS_AS(check_listeners(options), SqlError);
  options.tls_key = "key.pem";
  CHECK_NOTHROW(check_listeners(options));
  options.internal_sql = parse_listen_address("10.0.0.1:6877");
  CHECK_THROWS_AS(check_listeners(options), SqlError);
}

}  // namespace tailrace::server
